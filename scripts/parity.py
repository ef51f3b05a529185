#!/usr/bin/env python3
"""Compares what a GPU has computed with what the CPU has: features, and the figures of two
evaluations.

    python3 scripts/parity.py HOME CPU.json GPU.json

HOME is the home folder (GRAFT_HOME) whose cache has the features of both; the others are what
`graft eval --json` has printed for a run of each, trained alike. Prints the largest difference of
every entry of the cache from the CPU's, as fractions of the largest feature, and what the figures
differ by; exits with 1 where one is above its limit, or there is nothing to compare. Needs nothing but
Python's standard library.
"""

import argparse
import array
import json
import sys
from pathlib import Path

# What verification allows of a block, as a fraction of its largest value; see docs/backends.md.
FEATURES = {"f32": 5e-3, "f16": 2e-2, "bf16": 1e-1}
# Heads that are trained on features which differ by as much as f32 may.
FIGURES = {"accuracy": 0.01, "loss": 0.02}


def read_features(folder):
    """What an entry of the cache is of, and its values: the shards that its manifest lists, in order."""
    entry = json.loads((folder / "entry.json").read_bytes())
    if entry["key"]["dtype"] != "f32":
        raise SystemExit(f"{folder}: expected f32, found {entry['key']['dtype']}")
    values = array.array("f")
    for number, sha256 in enumerate(entry["shards"]):
        values.frombytes((folder / f"{number:06}-{sha256}").read_bytes())
    if sys.byteorder == "big":
        values.byteswap()
    return entry["key"], values


def largest_difference(found, expected):
    """As a fraction of the largest value; NaN where a value is not a number."""
    if len(found) != len(expected):
        raise SystemExit(f"expected {len(expected)} values, found {len(found)}")
    differences = [abs(a - b) for a, b in zip(found, expected)]
    # max() passes over a NaN that is not the first.
    if any(difference != difference for difference in differences):
        return float("nan")
    return max(differences) / max(map(abs, expected))


def precision(engine):
    """The last word of `burn 0.22.1 f16`; f32 is not named."""
    last = engine.split()[-1]
    return last if last in FEATURES else "f32"


def features(home):
    """Whether every entry of a GPU agrees with the CPU's of the same images."""
    manifests = sorted((home / "cache").glob("*/entry.json"))
    entries = [read_features(manifest.parent) for manifest in manifests]
    expected = {key["images"]: values for key, values in entries if key["backend"] == "cpu"}
    compared, within = 0, True
    for key, values in entries:
        if key["backend"] == "cpu" or key["images"] not in expected:
            continue
        off = largest_difference(values, expected[key["images"]])
        kind = precision(key["engine"])
        compared += 1
        # A NaN is not within either.
        within = within and off <= FEATURES[kind]
        print(f"{key['backend']} in {kind}: the largest difference of features is {off:.2e} of the largest, of {FEATURES[kind]:.0e} allowed")
    if compared == 0:
        print(f"{home}: expected features of the same images by the CPU and by a GPU, found none")
    return within and compared > 0


def figures(cpu, gpu):
    """Whether two evaluations agree."""
    within = True
    for name, allowed in FIGURES.items():
        off = abs(cpu[name] - gpu[name])
        within = within and off <= allowed
        print(f"{name}: CPU {cpu[name]:.6f}, GPU {gpu[name]:.6f}, apart by {off:.2e}, of {allowed:.0e} allowed")
    return within


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("cpu", type=Path)
    parser.add_argument("gpu", type=Path)
    arguments = parser.parse_args()
    cpu, gpu = (json.loads(path.read_text()) for path in (arguments.cpu, arguments.gpu))
    agree = [features(arguments.home), figures(cpu, gpu)]
    return 0 if all(agree) else 1


if __name__ == "__main__":
    sys.exit(main())
