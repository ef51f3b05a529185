#!/usr/bin/env python3
"""Opens a run with TensorBoard's own reader and compares what it sees with the run's record.

    python3 -m venv .venv && .venv/bin/pip install tensorboard
    .venv/bin/python scripts/check_events.py RUN

RUN is a folder in `runs`. Compared are the scalars of every epoch with metrics.jsonl and those of the
test images with evaluation.json (to single precision, which is all that TensorBoard keeps), and the
recipe's text with recipe.toml.
Exits with 1 at the first difference, which it names.
"""

import json
import math
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


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


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    run = Path(sys.argv[1])
    # 0 keeps all events; by default TensorBoard samples.
    events = EventAccumulator(str(run), {"scalars": 0, "tensors": 0})
    events.Reload()

    epochs = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    expect_scalars(events, "seconds", {e["epoch"]: e["seconds"] for e in epochs})
    splits = ["train"] + (["validation"] if epochs[0]["validation"] else [])
    for split in splits:
        for figure in ("loss", "accuracy"):
            recorded = {e["epoch"]: e[split][figure] for e in epochs}
            expect_scalars(events, f"{figure}/{split}", recorded)

    # Of epochs in which stages learned.
    parts = sorted({part for e in epochs for part in e.get("gradient_norms", {})})
    for part in parts:
        norms = {e["epoch"]: e["gradient_norms"] for e in epochs if "gradient_norms" in e}
        expect_scalars(events, f"gradient_norm/{part}", {n: of[part] for n, of in norms.items() if part in of})

    # Of an epoch with many steps TensorBoard is told some.
    rates = {e["steps"]: e["learning_rate"] for e in epochs if "steps" in e}
    seen = {e.step: e.value for e in events.Scalars("learning_rate")} if rates else {}
    for step, rate in rates.items():
        if not math.isclose(seen.get(step, math.nan), rate, rel_tol=1e-6):
            expect(f"learning_rate, step {step}", seen.get(step), rate)

    (recipe,) = events.Tensors("recipe")
    text = recipe.tensor_proto.string_val[0].decode()
    shown = "".join(f"    {line}\n" for line in (run / "recipe.toml").read_text().splitlines())
    expect("recipe", text, shown)

    if (run / "evaluation.json").exists():
        kept = json.loads((run / "manifest.json").read_text())["kept_epoch"]
        evaluation = json.loads((run / "evaluation.json").read_text())
        for figure in ("loss", "accuracy"):
            expect_scalars(events, f"{figure}/test", {kept: evaluation[figure]})
        splits.append("test")
    tags = [f"{figure}/{split}" for split in splits for figure in ("loss", "accuracy")]
    tags += ["seconds", *(f"gradient_norm/{part}" for part in parts), *(["learning_rate"] if rates else [])]
    expect("scalars", sorted(events.Tags()["scalars"]), sorted(tags))
    print(f"{run}: TensorBoard sees {len(epochs)} epochs and {', '.join(splits)} as recorded")


if __name__ == "__main__":
    main()
