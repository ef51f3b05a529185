#!/usr/bin/env python3
"""What somebody with a GPU runs to say how graft does on it, within ten minutes:

    cargo xtask build --backend cpu,cuda,wgpu        # on any machine; says where the program is
    scripts/gpu_acceptance.py GRAFT [--backend cuda|wgpu] [--models DIR] [--minutes 10] [--parts seed,forward]

The machine with the GPU needs the driver, Python 3, the program, this checkout's scripts and models
(`graft fetch`), and neither Rust nor a network. For the comparison with PyTorch it needs torch.

Holds the device to the CPU (verification in every precision, features, accuracy and confusion of the seed
recipe), measures (cold and warm runs, the forward pass by batch, trained blocks, large images, WebGPU), and asks for more memory than there is. Most important comes first: what the time does not
suffice for is skipped, and said so. All goes to acceptance-BACKEND.txt and acceptance-BACKEND.json, for a
report; the exit code is 0 where every step went well and none was skipped.

    scripts/swiftshader.sh scripts/gpu_acceptance.py GRAFT --backend wgpu --software

tries the script itself, on a device in software: fewer images, no speed.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PRECISIONS = ("f32", "f16", "bf16")
# How far the seed recipe's accuracy on the GPU may be from the CPU's.
ACCURACY = 0.005
# Of the forward pass.
BATCHES = "32,128,512,1024"


class Acceptance:
    """The steps so far, and what they share."""

    def __init__(self, arguments, home, text):
        self.graft, self.backend, self.home, self.text = arguments.graft.resolve(), arguments.backend, home, text
        self.device = ["--backend", arguments.backend, *(["--allow-software"] if arguments.software else [])]
        self.software = arguments.software
        self.deadline = time.monotonic() + 60 * arguments.minutes
        self.steps, self.figures = [], {}
        imported = [sys.executable, "-c", "import torch; assert torch.cuda.is_available()"]
        found = self.backend == "cuda" and subprocess.run(imported, capture_output=True, check=False)
        self.has_torch = bool(found) and found.returncode == 0

    def torch(self, *precisions):
        """Those to measure PyTorch in: none where it is not there."""
        return precisions if self.has_torch else ()

    def tell(self, line=""):
        print(line, flush=True)
        print(line, file=self.text, flush=True)

    def note(self, **step):
        """Notes a step, and writes all so far: whatever happens next, it is not lost."""
        self.steps.append(step)
        Path(self.text.name).with_suffix(".json").write_text(
            json.dumps({"figures": self.figures, "steps": self.steps}, indent=1)
        )

    def step(self, name, command, seconds, code=0, says=(), excuse=None):
        """Runs a command for so many seconds at most, and records how it went: well where it ends with
        `code` and says what it should, or what excuses it. Returns its standard output, or nothing."""
        left = self.deadline - time.monotonic()
        if left < 5:
            self.tell(f"\n== {name}: skipped, out of time")
            self.note(step=name, skipped=True)
            return ""
        self.tell(f"\n== {name}\n$ {' '.join(map(str, command))}")
        started = time.monotonic()
        every = {**os.environ, "GRAFT_HOME": str(self.home)}
        try:
            limit = min(seconds, left)
            done = subprocess.run(command, env=every, capture_output=True, text=True, timeout=limit, check=False)
            found, out, err = done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired as late:
            text = lambda piece: (piece or b"").decode(errors="replace") if not isinstance(piece, str) else piece
            found, out, err = f"none within {limit:.0f} s", text(late.stdout), text(late.stderr)
        except OSError as error:
            found, out, err = "none", "", str(error)
        took = time.monotonic() - started
        self.tell((out + err).strip())
        excused = excuse is not None and excuse in out + err
        well = excused or found == code and all(text in out + err for text in says)
        self.tell(f"({'well' if well else 'FAILED'}: exit code {found}, {took:.1f} s)")
        self.note(step=name, well=well, code=found, seconds=took, said=(out + err)[-4000:])
        return out if well and not excused else ""

    def run(self, name, verb, *arguments, seconds=120, **expected):
        """A step of graft's on the device: the JSON object that it prints, or nothing."""
        command = [self.graft, verb, *self.device, *arguments, "--offline", "--json"]
        return self.last(self.step(name, command, seconds, **expected))

    def last(self, out):
        """The JSON object on the last line."""
        try:
            return json.loads(out.strip().splitlines()[-1])
        except (IndexError, json.JSONDecodeError):
            return None

    def keep(self, name, figure):
        """Notes a figure for the JSON file and the summary."""
        if figure is not None:
            self.figures[name] = figure

    def judge(self, name, well, text):
        """A comparison of figures, as a step."""
        self.tell(f"\n== {name}\n{text}\n({'well' if well else 'FAILED'})")
        self.note(step=name, well=well, said=text)


def identity(a):
    """What the machine is."""
    a.keep("machine", {"system": platform.platform(), "cores": os.cpu_count(), "python": platform.python_version()})
    a.keep("graft", a.step("graft", [a.graft, "--version"], 10).strip())
    with open(a.graft, "rb") as file:
        a.keep("graft_bytes", os.fstat(file.fileno()).st_size)
    if a.backend == "cuda":
        query = "--query-gpu=name,driver_version,memory.total,compute_cap,clocks.max.sm,power.limit"
        a.keep("gpu", a.step("nvidia-smi", ["nvidia-smi", query, "--format=csv"], 20).strip())
    for name, command in (("nvcc", ["nvcc", "--version"]), ("vulkan", ["vulkaninfo", "--summary"])):
        if shutil.which(command[0]):
            a.keep(name, a.step(name, command, 20).strip()[-400:])


def doctor(a):
    a.keep("doctor", a.run("doctor: the devices, verified in f32", "doctor", "--device", seconds=150))


def parity(a):
    """The same few digits on both, in every precision; each is verified block by block first."""
    images, held = ("40", "8") if a.software else ("256", "32")
    small = ["--set", f"data.limit={images}", "--set", f"data.validation={held}"]
    cpu = [a.graft, "train", "--backend", "cpu", *small, "--offline", "--json"]
    a.step("CPU: a few digits", cpu, 120)
    scores = a.home / "cpu.json"
    scores.write_text(a.step("CPU: their test", [a.graft, "eval", "--backend", "cpu", "--offline", "--json"], 120))
    for precision in PRECISIONS:
        excuse = f"does not compute in {precision}"
        recipe = ["--set", f"backbone.precision={precision}", *small]
        trained = a.run(f"{precision}: the same, after verification", "train", *recipe, excuse=excuse)
        if precision == "f32" and trained:
            evaluated = a.run("f32: their test", "eval")
            (a.home / "gpu.json").write_text(json.dumps(evaluated or {}))
    profiles = [json.loads(path.read_text()) for path in sorted((a.home / "cache/devices").glob("*.json"))]
    a.keep("verified", profiles)
    a.tell(json.dumps(profiles, indent=1))
    compare = [sys.executable, HERE / "parity.py", a.home, scores, a.home / "gpu.json"]
    a.step("features and figures of both", compare, 120)


def seed(a):
    """The seed recipe on all of MNIST: cold, warm, and its test held against the CPU's."""
    found = {}
    for name in ("cold", "warm"):
        found[name] = a.run(f"seed recipe, {name} cache", "train", seconds=200)
        a.keep(f"seed_{name}", found[name])
    gpu = a.run("seed recipe: its test", "eval")
    a.step("CPU: seed recipe", [a.graft, "train", "--backend", "cpu", "--offline", "--json"], 150)
    cpu = a.last(a.step("CPU: its test", [a.graft, "eval", "--backend", "cpu", "--offline", "--json"], 60))
    if not (gpu and cpu):
        return
    pairs = [pair for rows in zip(gpu["confusion"], cpu["confusion"], strict=True) for pair in zip(*rows, strict=True)]
    moved = sum(abs(one - other) for one, other in pairs) // 2
    apart = abs(gpu["accuracy"] - cpu["accuracy"])
    for name, evaluated in (("gpu", gpu), ("cpu", cpu)):
        a.keep(f"seed_test_{name}", {key: evaluated[key] for key in ("accuracy", "loss", "confusion")})
    both = [f"{key} {gpu[key]:.4f}, CPU {cpu[key]:.4f}" for key in ("accuracy", "loss")]
    both.append(f"at least {moved} of {gpu['n']} images are classified otherwise")
    a.judge(f"the seed recipe's accuracy within {ACCURACY} of the CPU's", apart <= ACCURACY, "\n".join(both))


def forward(a, device, name, batches):
    """Images a second by batch: graft's, with copies to and from the device."""
    for precision in PRECISIONS:
        options = ["--sizes", "32", "--batches", batches, "--no-blocks", "--no-train", "--precision", precision]
        command = [a.graft, "bench", *device, *options, "--offline", "--json"]
        excuse = f"does not compute in {precision}"
        a.keep(f"{name}_{precision}", a.last(a.step(f"{name} in {precision}, by batch", command, 100, excuse=excuse)))


def torch(a, name, *options, seconds=60):
    """The same in PyTorch: the objects that it prints."""
    out = a.step(f"PyTorch: {name}", [sys.executable, HERE / "torch_gpu.py", *options], seconds)
    a.keep(f"torch: {name}", [json.loads(line) for line in out.splitlines() if line.startswith("{")])


def unfrozen(a, first, limit):
    """Training of blocks: images a second in the last epoch, kernels tuned by then, validation included."""
    recipe = [f"backbone.unfreeze={first}", f"data.limit={limit}", f"data.validation={limit // 20}"]
    recipe += ["training.batch_size=512", "training.epochs=3", "training.learning_rate=0.00001"]
    options = [piece for pair in recipe for piece in ("--set", pair)]
    trained = a.run(f"training from {first} on, in batches of 512", "train", *options, seconds=120)
    if trained:
        epochs = (Path(trained["run"]) / "metrics.jsonl").read_text().splitlines()
        last = json.loads(epochs[-1])
        images = limit - limit // 20
        a.keep(f"training_from_{first}", {"images_per_second": images / last["seconds"], "seconds": last["seconds"]})


def measure(a):
    """The forward pass by batch, by Burn's kernels too where there are others, in turn with PyTorch."""
    forward(a, a.device, "forward", BATCHES)
    if a.backend == "cuda":
        forward(a, [*a.device, "--engine", "burn"], "forward_burn", BATCHES)
    for precision in a.torch("tf32", "bf16"):
        torch(a, f"forward in {precision}", "forward", "--batches", BATCHES, "--precision", precision)


def training(a):
    """Blocks that are trained, in turn with PyTorch."""
    unfrozen(a, "block5", 20000)
    unfrozen(a, "block1", 6000)
    for precision in a.torch("tf32", "bf16"):
        torch(a, f"training in {precision}", "train", "--precision", precision)


def memory(a):
    """Large images in a large batch; then a batch whose maps no GPU's memory holds."""
    big = ["--sizes", "224", "--no-blocks", "--no-train"]
    a.keep("large", a.run("224 x 224 pixels, in a batch of 256", "bench", *big, "--batches", "256"))
    for precision in a.torch("tf32"):
        large = ["forward", "--size", "224", "--batches", "256", "--precision", precision]
        torch(a, "224 x 224 pixels in tf32", *large)
    refused = ["too little memory"]
    a.run("more than there is, on purpose", "bench", *big, "--batches", "4096", code=1, says=refused)


def compiled(a):
    """PyTorch once more, with its compiler."""
    for precision in a.torch("bf16", "tf32"):
        for what in ("forward", "train"):
            options = [what, "--precision", precision, "--compile"]
            torch(a, f"{what}, compiled, in {precision}", *options, seconds=100)


def forward_wgpu(a):
    """The same GPU by Vulkan, where graft was built for it."""
    if a.backend != "cuda":
        return
    every = {**os.environ, "GRAFT_HOME": str(a.home)}
    said = subprocess.run([a.graft, "doctor"], env=every, capture_output=True, text=True, check=False).stdout
    if "wgpu" in said.partition("\n")[0]:
        forward(a, ["--backend", "wgpu"], "forward_wgpu", BATCHES)
    else:
        a.tell("\n== WebGPU: skipped, this graft was built without it")


def summary(a):
    failed = [step["step"] for step in a.steps if not step.get("well") and not step.get("skipped")]
    skipped = [step["step"] for step in a.steps if step.get("skipped")]
    a.tell("\n== Summary")
    for name, figure in a.figures.items():
        if isinstance(figure, dict) and "results" in figure:
            rates = [f"{row['images_per_second']:.0f}/s at {row['batch']}" for row in figure["results"]]
            a.tell(f"{name}: {', '.join(rates)}")
        elif name.startswith(("torch", "training")):
            rows = figure if isinstance(figure, list) else [figure]
            a.tell(f"{name}: " + ", ".join(f"{row['images_per_second']:.0f}/s" for row in rows))
        elif name in ("seed_cold", "seed_warm"):
            stages = [f"{stage} {figure['stages'][stage]:.1f} s" for stage in ("features", "head")]
            a.tell(f"{name}: {figure['seconds']:.1f} s, of which {', '.join(stages)}")
    a.tell(f"{len(a.steps)} steps, of which {len(failed)} failed and {len(skipped)} were skipped")
    for kind, names in (("failed", failed), ("skipped", skipped)):
        for step in names:
            a.tell(f"{kind}: {step}")
    return not failed and not skipped


# What is done, the most important first. A device in software is given the first three.
PARTS = {
    "identity": identity,
    "doctor": doctor,
    "parity": parity,
    "seed": seed,
    "forward": measure,
    "memory": memory,
    "wgpu": forward_wgpu,
    "compiled": compiled,
    "training": training,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graft", type=Path)
    parser.add_argument("--backend", choices=["cuda", "wgpu"], default="cuda")
    parser.add_argument("--models", type=Path, default=HERE.parent / "models")
    parser.add_argument("--home", type=Path, help="a home folder to use instead of a new one")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--software", action="store_true", help="a device in software: fewer images, no speed")
    parser.add_argument("--parts", help=f"some of {','.join(PARTS)}; all where nothing is asked for")
    arguments = parser.parse_args()
    parts = arguments.parts.split(",") if arguments.parts else list(PARTS)[: 3 if arguments.software else None]
    if not set(parts) <= set(PARTS):
        parser.error(f"expected of --parts some of {','.join(PARTS)}, found {arguments.parts}")
    name = f"acceptance-{arguments.backend}"
    with tempfile.TemporaryDirectory() as folder, open(f"{name}.txt", "w") as text:
        home = (arguments.home or Path(folder)).resolve()
        if not (home / "models").exists():
            (home / "models").symlink_to(arguments.models.resolve())
        a = Acceptance(arguments, home, text)
        for part in parts:
            PARTS[part](a)
        well = summary(a)
        a.note(step="summary", well=well)
        print(f"written to {name}.txt and {name}.json; please attach both to a report")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
