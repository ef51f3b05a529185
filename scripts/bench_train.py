"""Images per second of training VGG16's blocks on the CPU: ours in turn with PyTorch and TensorFlow.

    cargo build --release -p graft-winograd --example train_step
    .venv/bin/python scripts/bench_train.py --ours target/release/examples/train_step --rounds 5

A step is forward, backward and Adam on one batch (peer_train.py says what exactly). All get the same
random weights and maps; what they make of them is compared: the first step's gradients, layer by layer, and
with `--steps 100` the losses. Cases are `SIZE:FIRST-LAST`: the images' size, the first trained block and the
last; the blocks before the first are frozen, and their output, random here, is the input.

Each runs in a process of its own, in turn, round by round, so that a drift of the machine meets all of
them. A rate is the median of its rounds; a ratio is that of the best batches within one round: the median,
the least and the most. Exits 1 where gradients differ by more than 1e-3 of a layer's largest.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from bench_peers import machine, usable_cores
from peer_train import PEERS, sizes

ROOT = Path(__file__).resolve().parent.parent
CASES = ("32:1-5", "32:4-5", "32:2-3", "64:1-5")
TOLERANCE = 1e-3  # of a layer's largest gradient: a number near 0 may pass one ReLU and not the other


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", type=Path, help="the example train_step of graft-winograd, built")
    parser.add_argument("--peers", default=",".join(PEERS), help="comma-separated (%(default)s)")
    parser.add_argument("--cases", nargs="+", default=CASES, metavar="SIZE:FIRST-LAST")
    parser.add_argument("--batch", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--threads", type=int, default=usable_cores(), help="all cores by default")
    parser.add_argument("--seconds", type=float, default=2, help="of a measurement (%(default)s)")
    parser.add_argument("--steps", type=int, default=3, help="of a measurement at least (%(default)s)")
    parser.add_argument("--learning-rate", type=float, default=1e-4, help="(%(default)s)")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object, not a table")
    arguments = parser.parse_args()
    arguments.peers = [peer for peer in arguments.peers.split(",") if peer]
    if unknown := set(arguments.peers) - set(PEERS):
        parser.error(f"unknown peer {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    return arguments


def blocks(case):
    """Size, first block and last block of `SIZE:FIRST-LAST`."""
    size, _, span = case.partition(":")
    first, _, last = span.partition("-")
    return int(size), int(first), int(last)


def write_case(path, shapes):
    """Random weights of about unit gain, small biases, maps between 0 and 1; the same every time."""
    numbers = np.random.default_rng(0)
    with path.open("wb") as file:
        for shape in shapes[:-1]:
            scale = np.sqrt(2 / np.prod(shape[1:])) if len(shape) == 4 else 0.05
            (numbers.standard_normal(shape, np.float32) * np.float32(scale)).astype("<f4").tofile(file)
        numbers.random(shapes[-1], np.float32).astype("<f4").tofile(file)


def run(who, arguments, path, case, batch):
    """One measurement in its own process: its report, or {"error": why}."""
    command = [arguments.ours]
    if who != "graft":
        command = [sys.executable, ROOT / "scripts/peer_train.py", who, "--threads", arguments.threads]
    size, first, last = blocks(case)
    options = {"case": path, "first": first, "last": last, "size": size, "batch": batch}
    options |= {"seconds": arguments.seconds, "steps": arguments.steps}
    options["learning-rate"] = arguments.learning_rate
    for name, value in options.items():
        command += [f"--{name}", value]
    threads = str(arguments.threads)
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}
    environment = os.environ | quiet | {"OMP_NUM_THREADS": threads, "RAYON_NUM_THREADS": threads}
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def produced(path, who, what):
    name = f"{path}.{what}" if who == "graft" else f"{path}.{who}.{what}"
    return np.fromfile(name, "<f4")


def compare(path, shapes, whos):
    """Of ours and each peer: the largest difference of a layer's gradients, and of the losses, relative."""
    found = {}
    ours = produced(path, "graft", "gradients")
    for who in whos:
        theirs, worst, at = produced(path, who, "gradients"), 0, 0
        for shape in shapes[:-1]:
            end = at + int(np.prod(shape))
            difference = np.abs(ours[at:end] - theirs[at:end]).max() / np.abs(theirs[at:end]).max()
            worst, at = max(worst, float(difference)), end
        losses = [produced(path, one, "losses") for one in ("graft", who)]
        steps = min(map(len, losses))
        a, b = (one[:steps] for one in losses)
        found[who] = {"gradients": worst, "losses": float((np.abs(a - b) / b).max()), "steps": steps}
    return found


def ratios(rounds):
    """Our best rate over each peer's and the fastest's, round by round."""
    best = {
        who: [max(report.get("images_per_second", 0) for report in one) for one in reports]
        for who, reports in rounds.items()
    }
    ours = best.pop("graft")
    best = {who: rates for who, rates in best.items() if all(rates)}
    if best:
        best["the fastest"] = [max(one) for one in zip(*best.values(), strict=True)]
    found = {}
    for who, rates in best.items():
        quotients = [our / their for our, their in zip(ours, rates, strict=True)]
        found[who] = {
            "median": statistics.median(quotients),
            "least": min(quotients),
            "most": max(quotients),
        }
    return found


def merge(case, whos, batches, rounds):
    """A row for each framework and batch: the median rate, the largest memory."""
    for who in whos:
        for at, batch in enumerate(batches):
            reports = [one[at] for one in rounds[who]]
            if failed := [report for report in reports if "error" in report]:
                yield {"case": case, "who": who, "batch": batch} | failed[0]
                continue
            rates = [report["images_per_second"] for report in reports]
            memory = ("peak_memory_bytes", "step_memory_bytes")
            largest = {key: max(report[key] or 0 for report in reports) for key in memory}
            yield {
                "case": case,
                "who": who,
                "version": reports[0]["version"],
                "batch": batch,
                "images_per_second": statistics.median(rates),
                "rounds": rates,
            } | largest


def print_case(case, rows, found, compared):
    print(f"{case:<10}{'batch':>6}{'images/s':>10}{'step MiB':>10}{'peak MiB':>10}")
    for row in rows:
        title = f"{row['who']} "
        if "error" in row:
            print(f"{title}: {row['error']}")
            continue
        memory = f"{row['step_memory_bytes'] >> 20:>10}{row['peak_memory_bytes'] >> 20:>10}"
        print(f"{title:<10}{row['batch']:>6}{row['images_per_second']:>10.1f}{memory}")
    for who, ratio in found.items():
        spread = f"{ratio['least']:.2f} to {ratio['most']:.2f}"
        print(f"graft is {ratio['median']:.2f} times as fast as {who} ({spread})")
    for who, difference in compared.items():
        print(
            f"{who}: gradients differ by {difference['gradients']:.1e} of a layer's largest, "
            f"losses of {difference['steps']} steps by {difference['losses']:.1e}"
        )


def main():
    arguments = parse()
    whos = ["graft"] * bool(arguments.ours) + arguments.peers
    report = {"machine": machine(arguments), "results": [], "ratios": {}, "agreement": {}}
    for case in arguments.cases:
        size, first, last = blocks(case)
        rounds = {who: [] for who in whos}
        with tempfile.TemporaryDirectory() as folder:
            paths = {batch: Path(folder) / f"case-{batch}" for batch in arguments.batch}
            for batch, path in paths.items():
                write_case(path, sizes(first, last, size, batch))
            for number in range(1, arguments.rounds + 1):
                for who in whos:
                    print(f"{case}, round {number} of {arguments.rounds}: {who}", file=sys.stderr)
                    one = [run(who, arguments, path, case, batch) for batch, path in paths.items()]
                    rounds[who].append(one)
            rows = list(merge(case, whos, arguments.batch, rounds))
            compared = {}
            if arguments.ours:
                ran = [row["who"] for row in rows if "error" not in row and row["who"] != "graft"]
                batch, path = next(iter(paths.items()))
                compared = compare(path, sizes(first, last, size, batch), sorted(set(ran)))
        found = ratios(rounds) if arguments.ours else {}
        report["results"] += rows
        report["ratios"][case] = found
        report["agreement"][case] = compared
        if not arguments.json:
            print_case(case, rows, found, compared)
    if arguments.json:
        print(json.dumps(report))
    differences = [one["gradients"] for case in report["agreement"].values() for one in case.values()]
    if max(differences, default=0) > TOLERANCE:
        sys.exit(1)


if __name__ == "__main__":
    main()
