"""Images per second of VGG16's convolutional base on the CPU in other frameworks.

    python3 -m venv .venv
    .venv/bin/pip install numpy onnx onnxruntime openvino MNN ncnn torch tensorflow-cpu
    .venv/bin/python scripts/bench_peers.py --size 32 --batch 64 256
    .venv/bin/python scripts/bench_peers.py --blocks --rounds 5 --json > peers.json

The peers of peer_engines.py get the same weights and images and are measured by peer_forward.py, which
says what is timed and counted. With `--ours GRAFT`, the path of the binary, Graft is measured as one of
them, and its rate over each peer's is printed (`ratios`): of the same batch in the same round, the
median, the least and the most. Each runs in a process of its own, so that
neither thread pools nor memory mix, and rounds go over the peers in turn, so that a drift of the
machine meets all of them. A rate is the median of its rounds, which `rounds` lists; a peer's
`images_per_second` is that of the whole base at 32x32 at its best batch.

A peer that is not installed is reported and left out. Exits 1 where none ran, or where the peers'
features differ by more than 1e-4 of the largest value. Batches of more than 2^21 pixels are left
out, except for a size's smallest batch.
"""

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from peer_engines import ENGINES

ROOT = Path(__file__).resolve().parent.parent
TOLERANCE = 1e-4  # of the largest value
FORWARD = ("onnx", "images", "size", "batch", "threads", "seconds")  # options of peer_forward.py


def usable_cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", default=",".join(ENGINES), help="comma-separated (%(default)s)")
    parser.add_argument("--size", type=int, nargs="+", default=[32, 48, 64, 224])
    parser.add_argument("--batch", type=int, nargs="+", default=[32, 64, 128, 256])
    parser.add_argument("--blocks", action="store_true", help="measure up to every block, not the last only")
    parser.add_argument("--threads", type=int, default=usable_cores(), help="all cores by default")
    parser.add_argument("--seconds", type=float, default=3, help="of a measurement (%(default)s)")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--ours", type=Path, help="a graft binary to measure in turn with the peers")
    parser.add_argument("--json", action="store_true", help="print one JSON object, not a table")
    parser.add_argument("--onnx", type=Path, default=ROOT / "models/vgg16.onnx")
    parser.add_argument("--images", type=Path, default=ROOT / "models/mnist/train-images-idx3-ubyte")
    arguments = parser.parse_args()
    arguments.peers = arguments.peers.split(",")
    if unknown := set(arguments.peers) - set(ENGINES):
        parser.error(f"unknown peer {', '.join(sorted(unknown))}; there are {', '.join(ENGINES)}")
    for path in (arguments.onnx, arguments.images):
        if not path.exists():
            parser.error(f"{path} is missing; `cargo xtask fetch` brings it")
    return arguments


def run_peer(peer, arguments, features):
    """One round of one peer in its own process: its report, or {"error": why}."""
    command = [sys.executable, ROOT / "scripts/peer_forward.py", peer, "--features", features]
    for option in FORWARD:
        value = getattr(arguments, option)
        command += [f"--{option}", *(value if isinstance(value, list) else [value])]
    command += ["--blocks"] * arguments.blocks
    # No GPU, and no thread pool larger than asked for.
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}
    environment = os.environ | quiet | {"OMP_NUM_THREADS": str(arguments.threads)}
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {"error": f"exit status {done.returncode}: {reason}"}
    return json.loads(done.stdout.splitlines()[-1])


def run_ours(arguments):
    """One round of Graft: its report in the form of a peer's, or {"error": why}."""
    lists = {"--sizes": arguments.size, "--batches": arguments.batch}
    command = [arguments.ours, "bench", "--json", "--offline", "--seconds", arguments.seconds]
    for option, numbers in lists.items():
        command += [option, ",".join(map(str, numbers))]
    command += ["--no-train"] + ["--no-blocks"] * (not arguments.blocks)
    environment = os.environ | {"GRAFT_HOME": str(ROOT), "RAYON_NUM_THREADS": str(arguments.threads)}
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    report = json.loads(done.stdout)
    return report | {"version": report["engine"]}


def ratios(rounds):
    """Our rate over each peer's and over the fastest's, round by round, by size and batch; all blocks."""

    def rate(report, case):
        for row in report.get("results", []):
            if (row["size"], row["batch"], row["block"]) == case:
                return row["images_per_second"]
        return None

    found = []
    for row in rounds["graft"][0].get("results", []):
        if row["block"] != 5:
            continue
        case = (row["size"], row["batch"], row["block"])
        rates = {peer: [rate(report, case) for report in reports] for peer, reports in rounds.items()}
        ours = rates.pop("graft")
        every = zip(*rates.values(), strict=True)
        rates["the fastest"] = [max(filter(None, one), default=None) for one in every]
        for peer, theirs in rates.items():
            if quotients := [our / their for our, their in zip(ours, theirs, strict=True) if our and their]:
                figures = (statistics.median(quotients), min(quotients), max(quotients))
                names = ("size", "batch", "peer", "median", "least", "most")
                found.append(dict(zip(names, (*case[:2], peer, *figures), strict=True)))
    return found


def merge(rounds):
    """A peer's rounds as one report: medians of the rates, the largest peak of memory."""
    if failed := [report for report in rounds if "error" in report]:
        return failed[0]
    results = []
    for rows in zip(*(report["results"] for report in rounds), strict=True):
        rates = [row["images_per_second"] for row in rows]
        peaks = [row["peak_memory_bytes"] for row in rows]
        median = statistics.median(rates)
        changed = {
            "images_per_second": median,
            "gflops": rows[0]["gflops"] / rates[0] * median,
            "peak_memory_bytes": None if None in peaks else max(peaks),
            "cores_used": statistics.median(row["cores_used"] for row in rows),
            "rounds": rates,
        }
        results.append(rows[0] | changed)
    whole = [row["images_per_second"] for row in results if (row["size"], row["block"]) == (32, 5)]
    best = max(whole, default=None)
    return {"version": rounds[0]["version"], "images_per_second": best, "results": results}


def agreement(files):
    """The pair of peers that differ most, relative to the largest value; None for a single peer."""
    found = []
    kept = {peer: dict(np.load(path)) for peer, path in files.items() if path.exists()}
    for one, other in itertools.combinations(kept, 2):
        for case in kept[one].keys() & kept[other].keys():
            features, others = kept[one][case], kept[other][case]
            count = min(len(features), len(others))  # a peer may leave out the smallest batch
            difference = np.abs(features[:count] - others[:count]).max() / np.abs(features).max()
            # JSON knows no NaN; as the largest number it is also the worst.
            finite = float(np.nan_to_num(difference, nan=np.finfo(np.float32).max))
            found.append({"peers": [one, other], "case": case, "largest_relative_difference": finite})
    return max(found, key=lambda row: row["largest_relative_difference"], default=None)


def machine(arguments):
    """What a reader needs to judge the numbers; the load is that before the measurements."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": named[0] if named else platform.processor() or platform.machine(),
        "cores": usable_cores(),
        "threads": arguments.threads,
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def print_table(report):
    print(f"{report['machine']['cpu']}, {report['machine']['threads']} threads")
    print(
        f"{'peer':<24}{'size':>5}{'batch':>6}{'block':>6}{'images/s':>10}{'GFLOP/s':>9}{'MiB':>7}{'cores':>7}"
    )
    for peer, found in report["peers"].items():
        if "error" in found:
            print(f"{peer}: {found['error']}")
        for row in found.get("results", []):
            title = f"{peer} {found['version']}"
            memory = "-" if row["peak_memory_bytes"] is None else row["peak_memory_bytes"] >> 20
            rates = (
                f"{row['images_per_second']:>10.1f}{row['gflops']:>9.1f}{memory:>7}{row['cores_used']:>7.2f}"
            )
            print(f"{title:<24}{row['size']:>5}{row['batch']:>6}{row['block']:>6}{rates}")


def print_ratios(found):
    for ratio in found:
        case = f"{ratio['size']}x{ratio['size']}, batch {ratio['batch']}"
        spread = f"{ratio['least']:.2f} to {ratio['most']:.2f}"
        print(f"{case}: graft is {ratio['median']:.2f} times as fast as {ratio['peer']} ({spread})")


def main():
    arguments = parse()
    report = {"peers": {}, "machine": machine(arguments)}
    rounds = {peer: [] for peer in arguments.peers}
    ours = []
    with tempfile.TemporaryDirectory() as folder:
        files = {peer: Path(folder) / f"{peer}.npz" for peer in rounds}
        for number in range(1, arguments.rounds + 1):
            if arguments.ours:
                print(f"round {number} of {arguments.rounds}: graft", file=sys.stderr)
                ours.append(run_ours(arguments))
            for peer, path in files.items():
                print(f"round {number} of {arguments.rounds}: {peer}", file=sys.stderr)
                rounds[peer].append(run_peer(peer, arguments, path))
        report["agreement"] = agreement(files)
    if ours:
        rounds = {"graft": ours} | rounds
        report["ratios"] = ratios(rounds)
    report["peers"] = {peer: merge(found) for peer, found in rounds.items()}
    if arguments.json:
        print(json.dumps(report))
    else:
        print_table(report)
        print_ratios(report.get("ratios", []))
    difference = 0
    if report["agreement"]:
        difference = report["agreement"]["largest_relative_difference"]
        print(f"largest difference between peers: {difference:.1e} of the largest value", file=sys.stderr)
    if difference > TOLERANCE or all("error" in found for found in report["peers"].values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
