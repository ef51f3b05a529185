#!/usr/bin/env python3
"""Extracts features in shards on a Ray cluster; started again it resumes with the shards that are missing.

    pip install ray
    python3 scripts/cluster/ray_extract.py --graft GRAFT --home . --shards 64 --to /shared/shards \\
        -- --recipe best

Behind `--` stands what `graft extract` takes: recipe and data, such as a manifest of pictures, which all nodes must reach
under the same name or URL. The program and the weights (`models` of --home; with MNIST its images too) travel to each node
once. --to is a folder that all nodes share, or the URL of one in an object store, for a graft built with `cargo xtask build
--stores`; credentials and the like are taken from the environment of the nodes, or with --pass NAME from that of this program.
Then gather: graft gather PLACE --recipe best
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import ray

# What graft says where it may work when it is tried again.
TRY_AGAIN = 75


class Failed(Exception):
    """Wrong whatever is tried: a picture, a recipe, a missing file; or wrong too often."""


def at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected at least 1, found {text}")
    return number


def packed(graft: Path, home: Path, with_mnist: bool) -> bytes:
    """The program and what it needs, as a tar file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", dereference=True) as tar:
        tar.add(graft, "graft")
        folders = [one for one in (home / "models").iterdir() if (one / "weights.json").is_file()]
        if not folders:
            sys.exit(f"{home}/models: expected a folder of weights; run `graft fetch` and `graft import` there first")
        mnist = home / "models" / "mnist"
        folders += [mnist] if with_mnist and mnist.is_dir() else []
        for folder in folders:
            tar.add(folder, f"models/{folder.name}")
    return buffer.getvalue()


def unpacked(package: bytes, digest: str) -> Path:
    """The folder of this node with the package in it, which the first task of a node makes."""
    folder = Path(tempfile.gettempdir()) / f"graft-{os.getuid()}-{digest[:16]}"
    if not folder.is_dir():
        making = Path(tempfile.mkdtemp(dir=folder.parent, prefix="graft-making-"))
        try:
            with tarfile.open(fileobj=io.BytesIO(package)) as tar:
                tar.extractall(making, filter="fully_trusted")
            making.rename(folder)
        except OSError:
            # Another task may have been faster.
            if not folder.is_dir():
                raise
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return folder


def retried(package: bytes, digest: str, verb: list[str], threads: int, retries: int, passed: dict) -> str:
    """What graft prints on this node for a verb and its options, tried again where that may help."""
    for attempt in range(retries + 1):
        try:
            code, out, said = attempted(package, digest, verb, threads, passed)
        except OSError as error:
            code, out, said = TRY_AGAIN, "", str(error)
        if code == 0:
            return out
        # A signal or a lack of memory is the node's matter, too.
        if code not in (TRY_AGAIN, 130, 143) and code > 0:
            break
        if attempt < retries:
            time.sleep(min(60, 2**attempt))
    raise Failed(f"{' '.join(verb)}: exit code {code}: {said}")


def attempted(package: bytes, digest: str, verb: list[str], threads: int, passed: dict) -> tuple[int, str, str]:
    """The exit code, what it told, and the last line of what it complained of."""
    folder = unpacked(package, digest)
    # Loaded before the fork. A worker that is killed leaves no program behind that goes on (Linux alone).
    libc = ctypes.CDLL("libc.so.6") if sys.platform == "linux" else None
    die_with_parent = (lambda: libc.prctl(1, signal.SIGKILL)) if libc else None  # PR_SET_PDEATHSIG
    environment = {**os.environ, **passed, "GRAFT_HOME": str(folder), "RAYON_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [str(folder / "graft"), *verb], env=environment, capture_output=True, text=True, preexec_fn=die_with_parent, check=False
    )
    said = done.stderr.strip().splitlines()
    return done.returncode, done.stdout, said[-1] if said else "nothing said"


def extract(package: bytes, digest: str, which: str, to: str, threads: int, retries: int, passed: dict, more: list[str]):
    """Computes some shards on this node; a line for each."""
    verb = ["extract", "--offline", "--shards", which, "--to", to, *more]
    return [json.loads(line) for line in retried(package, digest, verb, threads, retries, passed).splitlines()]


def options(doc: str, what: str) -> argparse.ArgumentParser:
    """The options that drivers have in common."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--graft", type=Path, required=True, help="the program, built for the nodes' kind of machine")
    parser.add_argument("--home", type=Path, default=Path(), help="the folder with models/ (default: here)")
    parser.add_argument("--cpus", type=at_least_one, default=1, help="CPU cores of a task (default: 1)")
    parser.add_argument("--gpus", type=float, default=0, help="GPUs of a task (default: 0)")
    parser.add_argument("--pass", dest="passed", action="append", default=[], metavar="NAME",
                        help="a variable of this environment that tasks have, too; may be given several times")
    parser.add_argument("--address", help="of the cluster; by default a running one, or this machine alone")
    parser.add_argument("more", nargs="*", help=f"what `graft {what}` takes")
    return parser


def prepared(function, arguments: argparse.Namespace):
    """The function as a task of the cluster, what is shipped to nodes, its hash, and the variables that are passed on."""
    ray.init(address=arguments.address, log_to_driver=False, logging_level="warning")
    package = packed(arguments.graft, arguments.home, not any("data.source=" in one for one in arguments.more))
    # Where a node goes away or a worker is killed, its task is begun anew as often as it happens.
    task = ray.remote(function).options(num_cpus=arguments.cpus, num_gpus=arguments.gpus, max_retries=-1)
    passed = {name: os.environ[name] for name in arguments.passed if name in os.environ}
    return task, ray.put(package), hashlib.sha256(package).hexdigest(), passed


def main() -> None:
    parser = options(__doc__, "extract")
    parser.add_argument("--shards", type=at_least_one, required=True, help="how many shards there are in all")
    parser.add_argument("--per-task", type=at_least_one,
                        help="shards that a task computes one after another (default: so many that each core gets some eight tasks)")
    parser.add_argument("--to", required=True, help="a folder that all nodes share, or the URL of one")
    parser.add_argument("--retries", type=int, default=5, help="how often a task is tried again that failed (default: 5)")
    arguments = parser.parse_args()

    task, package, digest, passed = prepared(extract, arguments)
    most = max((int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]), default=0)
    if most < arguments.cpus:
        print(f"waiting for a node with {arguments.cpus} CPU cores; the largest has {most}", file=sys.stderr)
    # A process takes a part of a second to start; a few tasks a core, and none waits long for the last one.
    cores = max(1, int(ray.cluster_resources().get("CPU", 1)) // arguments.cpus)
    per_task = arguments.per_task or max(1, arguments.shards // (8 * cores))
    starts = iter(range(0, arguments.shards, per_task))
    waiting: dict = {}
    done = there = images = failed = 0
    started = said = time.monotonic()
    while True:
        # Two for each that can run: no node waits for this program, and the queue stays short.
        slots = 2 * max(1, int(ray.cluster_resources().get("CPU", 1)) // arguments.cpus)
        while len(waiting) < slots and (start := next(starts, None)) is not None:
            which = f"{start}..{min(start + per_task, arguments.shards)}/{arguments.shards}"
            to, more = arguments.to, arguments.more
            waiting[task.remote(package, digest, which, to, arguments.cpus, arguments.retries, passed, more)] = which
        if not waiting:
            break
        ready, _ = ray.wait(list(waiting), timeout=5)
        for one in ready:
            which = waiting.pop(one)
            try:
                for shard in ray.get(one):
                    done += 1
                    there += shard["cache"] == "hit"
                    images += shard["images"] if shard["cache"] == "miss" else 0
            except Exception as error:  # noqa: BLE001: whatever a task died of, the others go on
                failed += 1
                cause = getattr(error, "cause", None) or error
                print(f"shards {which} failed: {cause}", file=sys.stderr)
        if ready and time.monotonic() - said > 1 or not waiting:
            said = time.monotonic()
            rate = images / (said - started)
            print(f"{done} of {arguments.shards} shards, {there} of them there before; {rate:.0f} images/s", flush=True)
    if failed:
        sys.exit(f"{failed} tasks failed for good; the same command computes what is missing")


if __name__ == "__main__":
    main()
