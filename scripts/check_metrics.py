#!/usr/bin/env python3
"""Recomputes every figure of a run from its predictions, sharing no code with graft.

    python3 scripts/check_metrics.py RUN

Needs Python 3.9 or later and nothing else. RUN is a folder in `runs`. Compared are, to 1e-9,

    evaluation.json  all figures, against predictions/test.csv (where the run was evaluated)
    manifest.json    the scores over the held-out images, against predictions/validation.csv; the
                     counts of images; the kept epoch, against metrics.jsonl
    metrics.csv      against metrics.jsonl
    predictions      the predicted class and its probability, against the logits

(The manifest's scores over the training images were taken while they were learned from, so they have
no predictions to be compared with.) Exits with 1 at the first difference, which it names.
"""

import csv
import json
import math
import struct
import sys
from pathlib import Path

TOLERANCE = 1e-9
# The 97.5 % point of the standard normal distribution.
Z = 1.959963984540054
BINS = 15
# Test images of MNIST with a wrong label, counted from 0 (Northcutt, Athalye and Mueller, 2021).
LABEL_ERRORS = {
    947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729,
}  # fmt: skip


def single(text):
    """The f32 that a decimal text stands for, exactly, in double precision."""
    return struct.unpack("<f", struct.pack("<f", float(text)))[0]


def log_softmax(logits):
    """Log-probabilities, by a sum that loses nothing to rounding."""
    largest = max(logits)
    log_sum = math.log(math.fsum(math.exp(x - largest) for x in logits))
    return [x - largest - log_sum for x in logits]


class Image:
    """One row of a predictions file."""

    def __init__(self, row, where, temperature):
        self.index, self.label = int(row["index"]), int(row["label"])
        logits = [temperature * single(row[f"logit_{k}"]) for k in range(len(row) - 4)]
        log_probabilities = log_softmax(logits)
        self.probabilities = [math.exp(x) for x in log_probabilities]
        self.predicted = logits.index(max(logits))
        self.confidence = self.probabilities[self.predicted]
        self.loss = -log_probabilities[self.label]
        self.right = self.predicted == self.label
        expect(f"{where}: predicted", int(row["predicted"]), self.predicted)
        # Written with six decimals, of logits as they are.
        if temperature == 1.0 and abs(float(row["probability"]) - self.confidence) > 1e-6:
            different(f"{where}: probability", row["probability"], self.confidence)


def read_predictions(run, split, temperature=1.0):
    name = f"predictions/{split}.csv"
    with open(run / name, newline="") as file:
        rows = csv.DictReader(file)
        images = [Image(row, f"{name}, line {line}", temperature) for line, row in enumerate(rows, start=2)]
    if len({image.index for image in images}) != len(images):
        raise SystemExit(f"{run / name}: an image stands there twice")
    return images, len(rows.fieldnames) - 4


def wilson(correct, n):
    """The score interval, from the roots of (p - x)^2 = z^2 x (1 - x) / n."""
    if n == 0:
        return {"low": 0.0, "high": 1.0}
    p, a = correct / n, Z * Z / n
    root = math.sqrt(a * a / 4 + a * p * (1 - p))
    return {"low": (p + a / 2 - root) / (1 + a), "high": (p + a / 2 + root) / (1 + a)}


def share(images):
    n, correct = len(images), sum(image.right for image in images)
    accuracy = correct / n if n else 0.0
    return {"n": n, "correct": correct, "accuracy": accuracy, "interval": wilson(correct, n)}


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values)


def brier(image):
    """The squared distance between an image's probabilities and certainty of its label."""
    certain = [float(k == image.label) for k in range(len(image.probabilities))]
    return math.fsum((p - y) ** 2 for p, y in zip(image.probabilities, certain))


def calibration(images):
    """Images by confidence: bin k holds what lies in (k/15, (k+1)/15]."""
    bins = []
    for k in range(BINS):
        low, high = k / BINS, (k + 1) / BINS
        inside = [
            image
            for image in images
            if (low < image.confidence or k == 0)
            and (image.confidence <= high or k == BINS - 1)
        ]
        n, correct = len(inside), sum(image.right for image in inside)
        bins.append(
            {
                "low": low,
                "high": high,
                "n": n,
                "correct": correct,
                "confidence": mean(image.confidence for image in inside) if n else None,
                "accuracy": correct / n if n else None,
            }
        )
    return bins


def evaluate(images, classes):
    """The figures of an evaluation, under the names that evaluation.json has."""
    confusion = [[0] * classes for _ in range(classes)]
    for image in images:
        confusion[image.label][image.predicted] += 1
    bins = calibration(images)
    gaps = [bin["n"] * abs(bin["accuracy"] - bin["confidence"]) for bin in bins if bin["n"]]
    middle = len(images) // 2
    return {
        **share(images),
        "loss": mean(image.loss for image in images),
        "confusion": confusion,
        "recall": [row[k] / sum(row) if sum(row) else None for k, row in enumerate(confusion)],
        "halves": [share(images[:middle]), share(images[middle:])],
        "brier": mean(brier(image) for image in images),
        "ece": math.fsum(gaps) / len(images),
        "calibration": bins,
    }


def different(name, recorded, computed):
    raise SystemExit(f"{name}: recorded {recorded}, computed {computed}")


def expect(name, recorded, computed, tolerance=TOLERANCE):
    """Compares two values, or what is in them, and ends the program at the first difference."""
    if isinstance(computed, dict):
        if not isinstance(recorded, dict):
            different(name, recorded, computed)
        for key, value in computed.items():
            if key not in recorded:
                different(f"{name}: {key}", "nothing", value)
            expect(f"{name}: {key}", recorded[key], value, tolerance)
    elif isinstance(computed, list):
        if not isinstance(recorded, list) or len(recorded) != len(computed):
            different(name, recorded, computed)
        for place, pair in enumerate(zip(recorded, computed)):
            expect(f"{name}[{place}]", *pair, tolerance)
    elif isinstance(computed, float):
        number = isinstance(recorded, (int, float))
        # `not <=` also refuses what is not a number.
        if not number or not abs(recorded - computed) <= tolerance * max(1.0, abs(computed)):
            different(name, recorded, computed)
    elif recorded != computed:
        different(name, recorded, computed)


def check_training(run):
    """The manifest, metrics and the splits of training; returns what was looked at."""
    manifest = json.loads((run / "manifest.json").read_text())
    epochs = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    kept = epochs[manifest["kept_epoch"] - 1]
    expect("manifest.json: train", manifest["train"], kept["train"])
    expect("manifest.json: validation", manifest["validation"], kept["validation"])

    with open(run / "metrics.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    expect("metrics.csv: rows", len(rows), len(epochs))
    for row, epoch in zip(rows, epochs):
        name = f"metrics.csv: epoch {epoch['epoch']}"
        for split in ("train", "validation"):
            for figure, value in (epoch[split] or {}).items():
                expect(f"{name}: {split}_{figure}", float(row[f"{split}_{figure}"]), value)

    train, _ = read_predictions(run, "train")
    expect("manifest.json: trained_on", manifest["trained_on"], len(train))
    looked_at = [f"{len(train)} training"]
    if manifest["validated_on"]:
        validation, classes = read_predictions(run, "validation")
        expect("manifest.json: validated_on", manifest["validated_on"], len(validation))
        # Predictions are calibrated, the scores of epochs are not.
        temperature = manifest.get("temperature", 1.0)
        before, classes = read_predictions(run, "validation", temperature)
        figures = evaluate(before, classes)
        wanted = {key: figures[key] for key in ("loss", "accuracy")}
        # Weights that were divided were rounded, too.
        tolerance = TOLERANCE if temperature == 1.0 else 1e-5
        expect("manifest.json: validation", manifest["validation"], wanted, tolerance)
        both = {image.index for image in train} & {image.index for image in validation}
        expect("images that were both trained on and held out", len(both), 0)
        looked_at.append(f"{len(validation)} held-out")
    return manifest, looked_at


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    run = Path(sys.argv[1])
    manifest, looked_at = check_training(run)
    if (run / "evaluation.json").exists():
        recorded = json.loads((run / "evaluation.json").read_text())
        test, classes = read_predictions(run, "test")
        computed = evaluate(test, classes)
        computed["without_label_errors"] = None
        if manifest["data"]["source"] == "mnist":
            right = evaluate([i for i in test if i.index not in LABEL_ERRORS], classes)
            figures = {key: right[key] for key in ("loss", "accuracy")}
            computed["without_label_errors"] = figures
        expect("evaluation.json", recorded, computed)
        looked_at.append(f"{len(test)} test")
    print(f"{run}: all figures agree to {TOLERANCE}, over {', '.join(looked_at)} images")


if __name__ == "__main__":
    main()
