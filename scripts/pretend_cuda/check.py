#!/usr/bin/env python3
"""Tries the CUDA backend where there is no GPU: on a pretend driver, with NVIDIA's own assembler.

    scripts/pretend_cuda/check.py GRAFT [--models DIR] [--architectures 80,90,120] [--keep DIR]

GRAFT is a graft that was built for CUDA (cargo xtask build --backend cpu,cuda), DIR has the data and the
weights that `graft fetch` brings. Holds it to what has to be true without a card:

- without a driver or a GPU, without libdevice and with a number beyond the devices it says so and does nothing;
- our own kernels, which the pretend driver computes, pass verification in f32, f16 and bf16; what is trained on
  their features is what is trained on the CPU's;
- verification refuses Burn's kernels, which the pretend driver does not compute;
- past that verification (this script forges what it would have written, in a home folder that is thrown
  away) Burn's engine trains in f32, f16 and bf16, and with unfrozen blocks, without a panic;
- `ptxas` accepts every kernel that was loaded, for each architecture;
- with a driver of CUDA 12.4 kernels are timed as with one of 13.0, and where none can be timed that is said.

Exit codes: 0 all as it has to be, 1 not so, 3 nothing was tried: the wheels cannot be had, or there is a
driver already. Needs cc and pip; fetches 99 MB of
NVIDIA's wheels once, pinned by hash, to ~/.cache/graft.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
WHEELS = """\
nvidia-cuda-nvcc==13.0.88 --hash=sha256:56fe502eb77625a12f25172caa3cdddb4e4c8ba2c8c17dba44b164761b380f03
nvidia-nvvm==13.0.88 --hash=sha256:c5f41ffeb6466944a026dfa5317d7d85355c119bbec279205d22f1869d1054e0
"""
ASSEMBLER, LIBDEVICE = "bin/ptxas", "nvvm/libdevice/libdevice.10.bc"
SMALL = ["--set", "data.limit=256", "--set", "data.validation=32", "--set", "training.epochs=2", "--offline"]
TRAIN = ["train", "--backend", "cuda", *SMALL]
BURN = [*TRAIN, "--engine", "burn"]
# The pretend driver takes a tenth of a second for an image.
FEW = ["--set", "data.limit=96", "--set", "data.validation=32", "--offline"]
UNFROZEN = ["--set", "backbone.unfreeze=block5"]
NOTHING_TRIED = 3
UNTIMED = "could not be timed"


def toolkit():
    """A folder with the two files that are needed of NVIDIA's toolkit, laid out as it is."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "graft" / "cuda-13.0.88"
    if folder.exists():
        return folder
    print("fetching NVIDIA's ptxas and libdevice from PyPI, 99 MB", flush=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        work = Path(work)
        (work / "wheels.txt").write_text(WHEELS)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        pip += ["--disable-pip-version-check", "--require-hashes", "-r", work / "wheels.txt", "-d", work]
        if subprocess.run(pip, check=False).returncode:
            print("cannot fetch NVIDIA's wheels; nothing was tried")
            sys.exit(NOTHING_TRIED)
        for wheel in work.glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for name in (ASSEMBLER, LIBDEVICE):
                    if f"nvidia/cu13/{name}" in archive.namelist():
                        archive.extract(f"nvidia/cu13/{name}", work)
        (work / "nvidia/cu13" / ASSEMBLER).chmod(0o755)
        (work / "nvidia/cu13").rename(folder)
    return folder


def driver(folder, version, *defines):
    """Compiles a pretend driver of a version of CUDA; the folder that has it."""
    folder.mkdir()
    command = ["cc", "-O3", "-ffast-math", "-march=native", "-fopenmp", "-shared", "-fPIC", f"-DVERSION={version}"]
    command += defines
    subprocess.run([*command, "-o", folder / "libcuda.so.1", HERE / "driver.c"], check=True)
    shutil.copy(folder / "libcuda.so.1", folder / "libcuda.so")  # The name that is looked for first.
    return folder


class Bench:
    """A graft, a home folder that is thrown away, and what was found wrong."""

    def __init__(self, graft, models, work):
        self.graft, self.work = graft.resolve(), work
        self.home = work / "home"
        self.home.mkdir()
        (self.home / "models").symlink_to(models.resolve())
        self.toolkit = toolkit()
        self.wrong = []

    def run(self, what, arguments, expected, says=(), says_not=(), **environment):
        """Runs graft, and notes what is not as expected: its exit code, and what it says. Returns
        all that it said."""
        started = time.monotonic()
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("CUDA", "LD_LIBRARY", "GRAFT"))}
        given = {"GRAFT_HOME": self.home, "CUDA_PATH": self.toolkit, **environment}
        every = inherited | {key: str(value) for key, value in given.items()}
        done = subprocess.run([self.graft, *arguments], env=every, capture_output=True, text=True)
        said = done.stdout + done.stderr
        faults = [f"exit code {done.returncode}, expected {expected}"] if done.returncode != expected else []
        faults += [f"expected {text!r}" for text in says if text not in said]
        faults += [f"{text!r}" for text in ("panicked", *says_not) if text in said]
        print(f"{'ok' if not faults else '!!'}  {what} ({time.monotonic() - started:.0f} s)", flush=True)
        if faults:
            self.wrong.append(what)
            print(f"    found {'; '.join(faults)}, in:\n{said}", flush=True)
        return said

    def forge(self, precision):
        """Writes what verification would have written for a device that passed it."""
        weights = json.loads((self.home / "models/vgg16/weights.json").read_text())["manifest"]["source"]["sha256"]
        version = re.search(r"[0-9.]+", subprocess.check_output([self.graft, "--version"], text=True))[0]
        burn = re.search(r'name = "burn"\nversion = "(.*)"', (HERE / "../../Cargo.lock").read_text())[1]
        line = f"cuda PRETEND GPU 0 (discrete), graft {version}, burn {burn}, weights {weights}, {precision}"
        folder = self.home / "cache/devices"
        folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(line.encode()).hexdigest()[:16]
        (folder / f"{name}.json").write_text(json.dumps({"verified": line, "differences": {}}))

    def forget(self):
        """Deletes everything that a run would take for its own."""
        for name in ("cache", "runs"):
            shutil.rmtree(self.home / name, ignore_errors=True)


def refusals(bench, pretend):
    """What is said where something is missing, before any work."""
    doctor = ["doctor", "--device", "--backend", "cuda", "--offline"]
    empty = bench.work / "empty"
    empty.mkdir()
    for name, arguments in (("doctor", doctor), ("train", TRAIN)):
        bench.run(f"{name} without a driver", arguments, 1, ["no NVIDIA driver"])
        none = {"LD_LIBRARY_PATH": pretend, "PRETEND_CUDA_DEVICES": 0}
        bench.run(f"{name} without a GPU", arguments, 1, ["no device for the cuda backend"], **none)
    for name, arguments in (("Burn's engine", BURN), ("training of block 5", [*TRAIN, *UNFROZEN])):
        there = {"LD_LIBRARY_PATH": pretend, "CUDA_PATH": empty}
        bench.run(f"{name} without libdevice", arguments, 1, ["libdevice.10.bc", str(empty), "nvidia-nvvm"], **there)
    two = {"LD_LIBRARY_PATH": pretend, "PRETEND_CUDA_DEVICES": 2}
    beyond = ["found 7", "0: NVIDIA GPU", "1: NVIDIA GPU"]
    bench.run("train on device 7 of 2", [*TRAIN, "--device", "7"], 1, beyond, **two)
    if any(bench.home.glob("runs/*")) or any(bench.home.glob("cache/*/entry.json")):
        bench.wrong.append("a refused training left something behind")
    modules = bench.work / "modules-doctor"
    modules.mkdir()
    kept = {"PRETEND_CUDA_MODULES": modules, **two}
    passed = ["passed", "cuda device 0: PRETEND GPU 0", "cuda device 1: PRETEND GPU 1"]
    bench.run("our own kernels pass verification on two GPUs", doctor, 0, passed, ["failed"], **kept)
    bench.run("verification refuses Burn's on one", BURN, 1, ["PRETEND GPU 0", "failed verification"], **kept)
    older = {"LD_LIBRARY_PATH": pretend, "PRETEND_CUDA_SM": 75}
    bench.run("compute capability 7.5 is Burn's", TRAIN, 1, ["verifying the results of PRETEND GPU 0", "the device failed"], **older)
    asked = [*TRAIN, "--engine", "tensor-cores"]
    bench.run("and says so", asked, 1, ["compute capability 8.0", "--engine burn"], **older)
    return modules


def own(bench, pretend):
    """Trains on features of our own kernels and of the CPU, and compares both; the folder of the modules it took."""
    modules = bench.work / "modules-own"
    modules.mkdir()
    bench.forget()
    there = {"LD_LIBRARY_PATH": pretend, "PRETEND_CUDA_MODULES": modules}
    scores = {}
    for backend, precision in (("cuda", "bf16"), ("cuda", "f16"), ("cuda", "f32"), ("cpu", "f32")):
        recipe = [*FEW, "--set", f"backbone.precision={precision}"]
        bench.run(f"training on the {backend}'s features in {precision}", ["train", "--backend", backend, *recipe], 0, **there)
        if precision == "f32":
            said = bench.run(f"its test by the {backend}", ["eval", "--backend", backend, "--offline", "--json"], 0, **there)
            scores[backend] = bench.work / f"{backend}.json"
            scores[backend].write_text(next(line for line in said.splitlines() if line.startswith("{")))
    compare = [sys.executable, HERE / "../parity.py", bench.home, scores["cpu"], scores["cuda"]]
    if subprocess.run(compare, check=False).returncode:
        bench.wrong.append("features or figures of our own kernels")
    return modules


def training(bench, pretend, architecture, name):
    """Trains in each precision, and with unfrozen blocks; the folder of the modules it took."""
    modules = bench.work / f"modules-{name}"
    modules.mkdir()
    bench.forget()
    there = {
        "LD_LIBRARY_PATH": pretend,
        "PRETEND_CUDA_SM": architecture,
        "PRETEND_CUDA_MODULES": modules,
    }
    for precision in ("f32", "f16", "bf16"):
        bench.forge(precision)
        recipe = ["--set", f"backbone.precision={precision}"]
        bench.run(f"{name}: training in {precision}", [*BURN, *recipe], 0, [], [UNTIMED], **there)
    # Burn's kernels do nothing: its weights become whatever lay in the memory that the results were to go to.
    bench.run(f"{name}: training of block 5", [*TRAIN, *UNFROZEN], 0, ["trained: block5"], [UNTIMED], **there)
    return modules


def assemble(bench, folders, architectures):
    """Has `ptxas` assemble every module, each distinct one once, for the target that it names; our own, which name
    the oldest, for all `architectures`."""
    texts = {path.read_text(): path for folder in folders for path in folder.glob("*.ptx")}
    targets, refused = {}, []

    def one(module):
        path, target = module
        command = [bench.toolkit / ASSEMBLER, f"-arch={target}", "-o", "/dev/null", path]
        done = subprocess.run(command, capture_output=True, text=True)
        return target, done.returncode, done.stderr

    modules = []
    for text, path in texts.items():
        named = [re.search(r"^\.target (\w+)", text, re.M)[1]]
        own = [f"sm_{number}" for number in architectures] if ".entry convolve_" in text else []
        modules += [(path, target) for target in own or named]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for target, code, said in pool.map(one, modules):
            targets[target] = targets.get(target, 0) + 1
            if code:
                refused.append(f"{target}: {said}")
    for target, count in sorted(targets.items()):
        print(f"ptxas: {count} modules for {target}")
    if refused or not texts:
        bench.wrong.append(f"ptxas refused {len(refused)} of {len(texts)} modules")
        print("\n".join(refused[:5]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graft", type=Path)
    parser.add_argument("--models", type=Path, default=HERE / "../../models")
    parser.add_argument("--architectures", default="80,90,120")
    parser.add_argument("--keep", type=Path, help="a new folder for what is otherwise thrown away")
    arguments = parser.parse_args()
    if Path("/proc/driver/nvidia/version").exists():
        print("there is an NVIDIA driver: nothing was tried on a pretend one")
        return NOTHING_TRIED
    with tempfile.TemporaryDirectory() as work:
        if arguments.keep:
            work = arguments.keep
            work.mkdir(parents=True)
        bench = Bench(arguments.graft, arguments.models, Path(work).resolve())
        new = driver(bench.work / "driver-13.0", 13000)
        old = driver(bench.work / "driver-12.4", 12040)
        untimed = driver(bench.work / "driver-untimed", 13000, "-DNO_TIMING")
        folders = [refusals(bench, new), own(bench, new)]
        for architecture in arguments.architectures.split(","):
            folders.append(training(bench, new, architecture, f"sm_{architecture}"))
        folders.append(training(bench, old, 90, "CUDA 12.4"))
        bench.forget()
        bench.forge("f32")
        bench.run("untimed kernels are told", BURN, 0, [UNTIMED], LD_LIBRARY_PATH=untimed)
        assemble(bench, folders, arguments.architectures.split(","))
    if bench.wrong:
        print(f"{len(bench.wrong)} wrong: {'; '.join(bench.wrong)}")
        return 1
    print("all as it has to be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
