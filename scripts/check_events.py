#!/usr/bin/env python3
"""Opens a run with TensorBoard's own reader and compares what it sees with the run's record.

    python3 -m venv .venv && .venv/bin/pip install tensorboard
    .venv/bin/python scripts/check_events.py RUN

RUN is a folder in `runs`. Compared are the scalars of every epoch with metrics.jsonl and those of the
test images with evaluation.json (to single precision, which is all that TensorBoard keeps), the
recipe's text with recipe.toml, and the cells of the pictures of confusion matrices with the counts.
Exits with 1 at the first difference, which it names.
"""

import io
import json
import math
import sys
from pathlib import Path

from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

# Pixels from a picture's cells to its lower and right edge, and the side of a cell for counts of up to
# four digits.
EDGE, CELL = 6, 40


def expect(name, seen, recorded):
    if seen != recorded:
        raise SystemExit(f"{name}: TensorBoard sees {seen}, recorded {recorded}")


def expect_scalars(events, tag, recorded):
    """`recorded` is a value a step, {step: value}."""
    seen = {event.step: event.value for event in events.Scalars(tag)}
    expect(f"{tag}: steps", sorted(seen), sorted(recorded))
    for step, value in recorded.items():
        if not math.isclose(seen[step], value, rel_tol=1e-6, abs_tol=1e-30):
            expect(f"{tag}, step {step}", seen[step], value)


def darkness(pixel):
    return 255 - sum(pixel) / 3


def expect_picture(events, tag, step, confusion=None):
    """One PNG; where the counts are given, darker cells for larger shares of a row."""
    (image,) = events.Images(tag)
    expect(f"{tag}: step", image.step, step)
    picture = Image.open(io.BytesIO(image.encoded_image_string)).convert("RGB")
    expect(f"{tag}: size", picture.size, (image.width, image.height))
    if confusion is None:
        return
    classes = len(confusion)
    left, top = (side - EDGE - classes * CELL for side in picture.size)
    for truth, row in enumerate(confusion):
        dark = [
            darkness(picture.getpixel((left + k * CELL, top + truth * CELL)))
            for k in range(classes)
        ]
        expect(f"{tag}: empty cells of row {truth}", [d == 0 for d in dark], [c == 0 for c in row])
        order = sorted(range(classes), key=lambda k: row[k])
        expect(f"{tag}: shades of row {truth}", [dark[k] for k in order], sorted(dark))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    run = Path(sys.argv[1])
    # 0 keeps all events; by default TensorBoard samples.
    events = EventAccumulator(str(run), {"scalars": 0, "images": 0, "tensors": 0})
    events.Reload()

    epochs = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    expect_scalars(events, "seconds", {e["epoch"]: e["seconds"] for e in epochs})
    splits = ["train"] + (["validation"] if epochs[0]["validation"] else [])
    for split in splits:
        for figure in ("loss", "accuracy"):
            recorded = {e["epoch"]: e[split][figure] for e in epochs}
            expect_scalars(events, f"{figure}/{split}", recorded)

    (recipe,) = events.Tensors("recipe")
    text = recipe.tensor_proto.string_val[0].decode()
    shown = "".join(f"    {line}\n" for line in (run / "recipe.toml").read_text().splitlines())
    expect("recipe", text, shown)

    kept = json.loads((run / "manifest.json").read_text())["kept_epoch"]
    for split in splits:
        expect_picture(events, f"confusion/{split}", kept)
    if (run / "evaluation.json").exists():
        evaluation = json.loads((run / "evaluation.json").read_text())
        for figure in ("loss", "accuracy"):
            expect_scalars(events, f"{figure}/test", {kept: evaluation[figure]})
        expect_picture(events, "confusion/test", kept, evaluation["confusion"])
        splits.append("test")
    tags = events.Tags()
    pictures = [f"confusion/{split}" for split in splits]
    expect("pictures", sorted(tags["images"]), sorted(pictures))
    print(f"{run}: TensorBoard sees {len(epochs)} epochs and {len(pictures)} pictures as recorded")


if __name__ == "__main__":
    main()
