#!/usr/bin/env python3
"""Do the intervals of a cross-validation on few images hold? Draws many sets of 200 training images, audits each
with five folds, and compares its accuracy and interval with the accuracy on all test images: of a head that learned
from the same 200, and of heads that learned from as few as those of the folds (the mean over 20 other draws). Needs nothing but Python, and a home with cached features.

    python3 scripts/fold_coverage.py GRAFT --draws 100
"""

import argparse
import json
import math
import statistics
import subprocess


def audit(arguments, draw, per_class):
    sets = [f"data.per_class={per_class}", "data.validation=0", f"data.split_seed={draw}"]
    sets += [f"training.seed={draw}", *arguments.set]
    command = [arguments.graft, "audit", "--json", "--offline", "--test", "--recipe", arguments.recipe]
    command += ["--folds", str(arguments.folds)]
    for one in sets:
        command += ["--set", one]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    training, test = json.loads(done.stdout)["splits"]
    return training["evaluation"], test["evaluation"]


def wilson(right, n, z=1.959964):
    share = right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("graft")
    parser.add_argument("--recipe", default="seed")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--per-class", type=int, default=20)
    parser.add_argument("--folds", type=int, default=5)
    arguments = parser.parse_args()
    fewer = arguments.per_class * (arguments.folds - 1) // arguments.folds
    others = range(arguments.draws, arguments.draws + 20)
    as_few = statistics.mean(audit(arguments, draw, fewer)[1]["accuracy"] for draw in others)
    print(f"heads that learned from {fewer} images a class: {100 * as_few:.2f} % of the test images", flush=True)
    held, held_as_few, differences = 0, 0, []
    for draw in range(arguments.draws):
        training, test = audit(arguments, draw, arguments.per_class)
        low, high = training["interval"]["low"], training["interval"]["high"]
        held += low <= test["accuracy"] <= high
        held_as_few += low <= as_few <= high
        differences.append(100 * (training["accuracy"] - test["accuracy"]))
        n = training["n"]
        print(
            f"draw {draw}: {100 * training['accuracy']:.1f} % ({100 * low:.1f} to {100 * high:.1f}) of {n} images,"
            f" {100 * test['accuracy']:.2f} % of {test['n']} test images",
            flush=True,
        )
    for count, what in [(held, "of a head on the same images"), (held_as_few, "of heads on as few as in the folds")]:
        low, high = (100 * end for end in wilson(count, arguments.draws))
        print(f"{count} of {arguments.draws} intervals hold the accuracy {what} ({low:.0f} to {high:.0f} %)")
    mean, deviation = statistics.mean(differences), statistics.stdev(differences)
    print(f"folds minus the head on the same images: mean {mean:.2f} points, standard deviation {deviation:.2f}")


if __name__ == "__main__":
    main()
