#!/usr/bin/env python3
"""Trains a run for each combination of settings on a Ray cluster; started again it goes on with those that are missing.

    pip install ray
    python3 scripts/cluster/ray_train.py --graft GRAFT --home . --grid training.seed=1,2,3 \\
        --grid training.learning_rate=0.001,0.0003 --log sweep.jsonl -- --recipe best

Behind `--` stands what `graft train` takes: recipe and data, which all nodes must reach under the same name or URL. The
program and the weights travel to each node once (with MNIST its images too), and each node computes the features once
(gathered ones do not travel). Every run comes back to runs/ in --home, and its line to --log, as soon as it is trained;
then `graft compare RUN RUN...`.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import re
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

import ray
from ray_extract import options, prepared, retried


def setting(text: str) -> list[str]:
    key, equals, values = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE,VALUE..., found {text}")
    # Not at the commas of a list.
    return [f"{key}={value}" for value in re.split(r",(?![^\[]*\])", values)]


def train(package: bytes, digest: str, settings: list[str], threads: int, passed: dict, more: list[str]):
    """Trains one run on this node: its line, and its folder as a tar file."""
    sets = [part for one in settings for part in ("--set", one)]
    verb = ["train", "--json", "--offline", "--yes", *more, *sets]
    line = json.loads(retried(package, digest, verb, threads, 0, passed))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(line["run"], Path(line["run"]).name)
    shutil.rmtree(line["run"])
    return line, buffer.getvalue()


def logged(log: Path) -> list[dict]:
    """What was trained, without its results."""
    done = []
    for line in log.read_text().splitlines() if log.exists() else []:
        try:
            done.append({key: json.loads(line)[key] for key in ["settings", "package", "options"]})
        except (ValueError, KeyError):
            print(f"{log}: a line that is not whole is passed over", file=sys.stderr)
    return done


def main() -> None:
    parser = options(__doc__, "train")
    parser.add_argument("--grid", type=setting, action="append", required=True, metavar="KEY=VALUE,...",
                        help="a key of the recipe and its values; may be given several times")
    parser.add_argument("--log", type=Path, required=True, help="a file with a line for each run that is trained")
    arguments = parser.parse_args()

    ray.cloudpickle.register_pickle_by_value(sys.modules["ray_extract"])
    task, package, digest, passed = prepared(train, arguments)
    # Another program, recipe or other data are other runs.
    common = {"package": digest, "options": arguments.more}
    done = logged(arguments.log)
    wanted = [{"settings": list(settings), **common} for settings in itertools.product(*arguments.grid)]
    missing = [one["settings"] for one in wanted if one not in done]
    print(f"{len(wanted)} runs, {len(wanted) - len(missing)} of them there before", flush=True)
    waiting = {
        task.remote(package, digest, settings, arguments.cpus, passed, arguments.more): settings
        for settings in missing
    }
    runs = arguments.home / "runs"
    runs.mkdir(exist_ok=True)
    failed = 0
    while waiting:
        [ready], _ = ray.wait(list(waiting))
        settings = waiting.pop(ready)
        try:
            line, folder = ray.get(ready)
        except Exception as error:  # noqa: BLE001: whatever a run died of, the others go on
            failed += 1
            print(f"{' '.join(settings)} failed: {getattr(error, 'cause', None) or error}", file=sys.stderr)
            continue
        # Nodes give runs of the same second the same name.
        with tempfile.TemporaryDirectory(dir=runs, prefix=".ray-") as making, tarfile.open(fileobj=io.BytesIO(folder)) as tar:
            tar.extractall(making, filter="data")
            [made] = Path(making).iterdir()
            name, number = made.name, 2
            while (runs / name).exists():
                name, number = f"{made.name}-{number}", number + 1
            made.rename(runs / name)
        line = {**line, "run": name, "settings": settings, **common}
        with arguments.log.open("a") as log:
            print(json.dumps(line), file=log)
        validation = line.get("validation")
        told = f"  validation {validation['accuracy']:.2%}" if validation else ""
        print(f"{name}  {' '.join(settings)}{told}", flush=True)
    if failed:
        sys.exit(f"{failed} runs failed; the same command trains those that are missing")


if __name__ == "__main__":
    main()
