#!/usr/bin/env python3
"""Draws MNIST's digits as people photograph them, and scores what `graft predict` makes of them.

    python3 scripts/digit_photographs.py draw FOLDER [--mnist models/mnist] [--split test|train]
        [--first 0] [--count 200] [--seed 1] [--kinds paper,desk]
    graft predict FOLDER --json > predictions.jsonl
    python3 scripts/digit_photographs.py score predictions.jsonl

`draw` writes FOLDER/KIND/INDEX-is-CLASS.png (or .jpg): every digit once a kind, on a sheet whose size,
brightness, place and pen are drawn from the seed; or a picture that is not one digit, INDEX-is-none.png.
`score` prints a table, and exits with 1 where a kind misses its bar. Needs NumPy and Pillow.
"""

import argparse
import io
import json
import sys
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

# Of a kind that shows digits: right at least, and wrong with a probability above SURE at most, per cent.
RIGHT, CONFIDENTLY_WRONG, SURE = 90, 2, 0.9


def read_mnist(folder, split):
    prefix = {"test": "t10k", "train": "train"}[split]
    images = (folder / f"{prefix}-images-idx3-ubyte").read_bytes()
    labels = (folder / f"{prefix}-labels-idx1-ubyte").read_bytes()
    return np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28), np.frombuffer(labels, np.uint8, offset=8)


# Sheets: arrays of 0 to 1, where 1 is white; `ink` is how much of a pixel the pen covers.


def enlarged(digit, height):
    """The 20x20 box of a digit, `height` pixels high, as a pen's coverage with fairly sharp edges."""
    rows, columns = np.nonzero(digit.max(1))[0], np.nonzero(digit.max(0))[0]
    box = Image.fromarray(digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    width = max(1, round(height * box.width / box.height))
    if box.width > box.height:
        height, width = max(1, round(height * box.height / box.width)), height
    padded = Image.new("L", (box.width + 4, box.height + 4))
    padded.paste(box, (2, 2))
    size = (round(width * padded.width / box.width), round(height * padded.height / box.height))
    large = np.asarray(padded.resize(size, Image.Resampling.BICUBIC), float) / 255
    sharpness = max(1.0, height / 40)
    return np.clip((large - 0.5) * sharpness + 0.5, 0, 1)


def skeleton(mask):
    """Zhang and Suen's thinning: lines of one pixel."""
    mask = np.pad(mask, 1).astype(np.uint8)
    while True:
        changed = False
        for first in (True, False):
            p = [np.roll(mask, shift, (0, 1)) for shift in
                 [(1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1)]]
            neighbours = sum(p)
            turns = sum((p[i] == 0) & (p[(i + 1) % 8] == 1) for i in range(8))
            if first:
                ends = (p[0] * p[2] * p[4] == 0) & (p[2] * p[4] * p[6] == 0)
            else:
                ends = (p[0] * p[2] * p[6] == 0) & (p[0] * p[4] * p[6] == 0)
            remove = (mask == 1) & (neighbours >= 2) & (neighbours <= 6) & (turns == 1) & ends
            changed |= remove.any()
            mask = mask & ~remove
        if not changed:
            return mask[1:-1, 1:-1].astype(bool)


def redrawn(ink, pen):
    """The same figure by a pen of so many pixels."""
    lines = Image.fromarray((skeleton(ink > 0.5) * 255).astype(np.uint8))
    if pen == 1:
        return np.asarray(lines, float) / 255
    large = lines.resize((lines.width * 2, lines.height * 2), Image.Resampling.NEAREST)
    for _ in range(pen - 1):
        large = large.filter(ImageFilter.MaxFilter(3))
    return np.asarray(large.resize(lines.size, Image.Resampling.BOX), float) / 255


def placed(rng, ink, side, margin=0.1):
    """The ink somewhere on a sheet of `side` pixels, with a margin."""
    sheet = np.zeros((side, side))
    height, width = ink.shape
    room = int(side * margin)
    top, left = (rng.integers(room, max(room + 1, side - room - length)) for length in (height, width))
    top, left = min(top, side - height), min(left, side - width)
    sheet[top : top + height, left : left + width] = ink
    return sheet


def base(rng, digit, height=(0.35, 0.65), pen=None, side=None):
    """Ink on a sheet of 100 to 400 pixels."""
    side = side or int(rng.integers(100, 401))
    ink = enlarged(digit, int(side * rng.uniform(*height)))
    if pen:
        ink = redrawn(ink, pen)
    return placed(rng, ink, side)


def on_paper(rng, ink, paper=(0.8, 1.0), pen=(0.05, 0.35)):
    paper, pen = rng.uniform(*paper), rng.uniform(*pen)
    return paper * (1 - ink) + pen * ink


def coordinates(picture):
    height, width = picture.shape
    return np.mgrid[0:height, 0:width] / np.array([height - 1, width - 1]).reshape(2, 1, 1)


def side_light(rng, picture, least):
    """Brightness falls to `least` from one side to the other, in any direction."""
    down, across = coordinates(picture) - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    along = across * np.cos(angle) + down * np.sin(angle)
    along = (along - along.min()) / (along.max() - along.min())
    return picture * (1 - (1 - least) * along)


def vignette(picture, corner):
    down, across = coordinates(picture) * 2 - 1
    return picture * (1 - (1 - corner) * (down**2 + across**2) / 2)


def shadow(rng, picture):
    """A soft-edged shadow over a part of the sheet."""
    down, across = coordinates(picture) - 0.5
    angle, place, soft = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3), rng.uniform(0.02, 0.15)
    along = across * np.cos(angle) + down * np.sin(angle) - place
    return picture * (1 - rng.uniform(0.3, 0.6) / (1 + np.exp(-along / soft)))


def noisy(rng, picture, deviation):
    return picture + rng.normal(0, deviation, picture.shape)


def blurred(picture, radius):
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), float) / 255


def framed(rng, picture):
    picture = picture.copy()
    side, width = picture.shape[0], int(rng.choice([1, 1, 2, 3, 5, 8]))
    inset = int(rng.choice([0, 0, rng.integers(0, side // 14)]))
    dark = rng.uniform(0, 0.35)
    for start in (inset, side - inset - width):
        picture[start : start + width, inset : side - inset] = dark
        picture[inset : side - inset, start : start + width] = dark
    return picture


def desk(rng, picture, turned=False):
    """The sheet on a larger, darker desk with a grain."""
    side = picture.shape[0]
    total = int(side * rng.uniform(1.25, 2.2))
    dark = rng.uniform(0.1, 0.4)
    grain = np.cumsum(rng.normal(0, 0.01, total))
    ground = np.clip(dark + grain - grain.mean(), 0.05, 0.5)[:, None] * np.ones((1, total))
    sheet = Image.new("L", (total, total))
    mask = Image.new("L", (total, total))
    top, left = rng.integers(0, total - side + 1, 2)
    if turned:
        top = left = (total - side) // 2
    where = (int(left), int(top))
    sheet.paste(Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8)), where)
    mask.paste(255, (*where, where[0] + side, where[1] + side))
    if turned:
        angle = rng.uniform(-15, 15)
        sheet, mask = (image.rotate(angle, Image.Resampling.BICUBIC) for image in (sheet, mask))
    covered = np.asarray(mask, float) / 255
    return np.asarray(sheet, float) / 255 * covered + ground * (1 - covered)


def ruled(rng, picture, ink, both=False):
    """Rules over the whole sheet, under the ink, sometimes turned a little."""
    side = picture.shape[0]
    distance, width = side * rng.uniform(0.08, 0.2), rng.uniform(1, max(1.5, side / 120))
    shade, slope = rng.uniform(0.45, 0.85), rng.choice([0, rng.uniform(-0.04, 0.04)])
    offset = rng.uniform(0, distance)
    down, across = np.mgrid[0:side, 0:side].astype(float)
    cover = np.zeros((side, side))
    for along, beside in ((across, down), (down, -across))[: 2 if both else 1]:
        place = np.mod(beside - offset + slope * along, distance)
        away = np.minimum(place, distance - place)
        cover = np.maximum(cover, np.clip(width / 2 + 0.5 - away, 0, 1))
    lines = picture * (1 - cover) + picture * shade * cover
    return np.where(ink > 0.5, picture, lines * (1 - ink) + picture * ink)


def perspective(rng, picture):
    """Seen from an angle; what lies beside the sheet is a darker desk."""
    side = picture.shape[0]
    corners = [(0, 0), (side, 0), (side, side), (0, side)]
    moved = [(x + rng.uniform(-0.12, 0.12) * side, y + rng.uniform(-0.12, 0.12) * side) for x, y in corners]
    rows = []
    for (x, y), (u, v) in zip(corners, moved):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    matrix = np.linalg.solve(np.array(rows), np.array(moved).ravel())
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    return np.asarray(image.transform(image.size, Image.Transform.PERSPECTIVE, matrix,
                                      Image.Resampling.BICUBIC, fillcolor=60), float) / 255


def rotated(rng, ink, degrees):
    image = Image.fromarray((ink * 255).astype(np.uint8))
    return np.asarray(image.rotate(rng.uniform(-degrees, degrees), Image.Resampling.BICUBIC), float) / 255


def mixed(rng, digit):
    """Several at once: a pen, a ruled or plain sheet, light, a desk or frame, noise and blur."""
    side = int(rng.integers(140, 401))
    ink = base(rng, digit, (0.4, 0.6), pen=int(rng.integers(2, max(3, side // 25))), side=side)
    picture = on_paper(rng, ink, pen=(0.05, 0.3))
    if rng.random() < 0.4:
        picture = ruled(rng, picture, ink, both=rng.random() < 0.4)
    if rng.random() < 0.3:
        picture = framed(rng, picture)
    elif rng.random() < 0.5:
        picture = desk(rng, picture, turned=rng.random() < 0.5)
    lights = [lambda p: side_light(rng, p, rng.uniform(0.4, 0.8)), lambda p: vignette(p, rng.uniform(0.5, 0.8)),
              lambda p: shadow(rng, p)]
    picture = lights[rng.integers(3)](picture)
    picture = blurred(picture, rng.uniform(0, side / 250))
    return noisy(rng, picture, rng.uniform(0, 0.03))


def paper(rng, digit):
    return on_paper(rng, base(rng, digit))


def penned(pen):
    return lambda rng, digit: on_paper(rng, base(rng, digit, pen=pen))


def lit(least):
    return lambda rng, digit: side_light(rng, paper(rng, digit), least)


def with_rules(both):
    def draw(rng, digit):
        ink = base(rng, digit)
        return ruled(rng, on_paper(rng, ink), ink, both)
    return draw


def board(rng, digit):
    return 1 - vignette(paper(rng, digit), rng.uniform(0.7, 1))


DIGITS = {
    "paper": paper,
    "small": lambda rng, digit: on_paper(rng, base(rng, digit, (0.1, 0.2), side=int(rng.integers(250, 601)))),
    "frame": lambda rng, digit: framed(rng, paper(rng, digit)),
    "desk": lambda rng, digit: desk(rng, paper(rng, digit)),
    "desk-turned": lambda rng, digit: desk(rng, paper(rng, digit), turned=True),
    "light-0.7": lit(0.7),
    "light-0.5": lit(0.5),
    "light-0.3": lit(0.3),
    "light-0.15": lit(0.15),
    "vignette-0.6": lambda rng, digit: vignette(paper(rng, digit), 0.6),
    "vignette-0.3": lambda rng, digit: vignette(paper(rng, digit), 0.3),
    "shadow": lambda rng, digit: shadow(rng, paper(rng, digit)),
    "ruled": with_rules(False),
    "squared": with_rules(True),
    "pen-1": penned(1),
    "pen-2": penned(2),
    "pen-4": penned(4),
    "pencil": lambda rng, digit: noisy(rng, on_paper(rng, base(rng, digit, pen=2), (0.85, 1), (0.55, 0.65)), 0.01),
    "noise-0.05": lambda rng, digit: noisy(rng, paper(rng, digit), 0.05),
    "noise-0.12": lambda rng, digit: noisy(rng, paper(rng, digit), 0.12),
    "blur": lambda rng, digit: (lambda p: blurred(p, p.shape[0] * rng.uniform(0.005, 0.015)))(paper(rng, digit)),
    "rotated": lambda rng, digit: on_paper(rng, rotated(rng, base(rng, digit), 10)),
    "perspective": lambda rng, digit: perspective(rng, paper(rng, digit)),
    "jpeg": lambda rng, digit: noisy(rng, paper(rng, digit), 0.02),
    "blackboard": board,
    "mixed": mixed,
}


# What is not one digit; each takes a source of random digits.


def blank(rng, _):
    side = int(rng.integers(100, 401))
    picture = np.full((side, side), rng.uniform(0.5, 1))
    lights = [lambda p: p, lambda p: vignette(p, rng.uniform(0.3, 0.9)),
              lambda p: side_light(rng, p, rng.uniform(0.2, 0.9)), lambda p: shadow(rng, p)]
    picture = lights[rng.integers(4)](picture)
    if rng.random() < 0.3:
        picture = desk(rng, picture, turned=rng.random() < 0.5)
    return noisy(rng, picture, rng.choice([0, 0.01, 0.04]))


def noise(rng, _):
    side, grain = int(rng.integers(28, 401)), int(rng.choice([1, 1, 2, 4, 8]))
    small = -(-side // grain)
    values = [rng.random((small, small)), rng.normal(0.5, 0.2, (small, small)),
              (rng.random((small, small)) < rng.uniform(0.02, 0.5)).astype(float)][rng.integers(3)]
    return np.kron(values, np.ones((grain, grain)))[:side, :side]


def several(count):
    def draw(rng, digit):
        side = int(rng.integers(140, 401))
        boxes = []
        ink = np.zeros((side, side))
        height = rng.uniform(0.2, 0.4)
        while len(boxes) < count:
            one = enlarged(digit(), int(side * height * rng.uniform(0.75, 1)))
            top, left = rng.integers(side // 12, side - side // 12 - one.shape[0]), rng.integers(
                side // 12, side - side // 12 - one.shape[1])
            if boxes and rng.random() < 0.6:  # Written side by side.
                last = boxes[-1]
                top, left = last[0] + rng.integers(-3, 4), last[3] + rng.integers(0, int(side * 0.1))
            box = (top, left, top + one.shape[0], left + one.shape[1])
            apart = all(box[0] >= b[2] or b[0] >= box[2] or box[1] >= b[3] or b[1] >= box[3] for b in boxes)
            if not apart or box[0] < 4 or box[2] > side - 4 or box[3] > side - 4:
                if rng.random() < 0.02:
                    boxes, ink = [], np.zeros((side, side))
                continue
            boxes.append(box)
            ink[box[0] : box[2], box[1] : box[3]] = one
        picture = on_paper(rng, ink)
        return [lambda: picture, lambda: vignette(picture, 0.6), lambda: desk(rng, picture)][rng.integers(3)]()
    return draw


def filled(rng, _):
    side = int(rng.integers(100, 401))
    image = Image.new("L", (side, side))
    pen = ImageDraw.Draw(image)
    size, (x, y) = side * rng.uniform(0.2, 0.6), rng.uniform(0.35, 0.65, 2) * side
    high = size * rng.uniform(0.6, 1)
    box = [x - size / 2, y - high / 2, x + size / 2, y + high / 2]
    shape = rng.integers(3)
    if shape == 0:
        pen.rectangle(box, fill=255)
    elif shape == 1:
        pen.ellipse(box, fill=255)
    else:
        pen.polygon([(x, y - size / 2), (x + size / 2, y + size / 2), (x - size / 2, y + size / 2)], fill=255)
    return on_paper(rng, np.asarray(image, float) / 255)


NOT_ONE_DIGIT = {"blank": blank, "noise": noise, "two-digits": several(2), "three-digits": several(3), "filled": filled}


def save(picture, path, quality=None):
    image = Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    if quality:
        image.save(path.with_suffix(".jpg"), quality=quality)
    else:
        image.save(path.with_suffix(".png"))


def draw(arguments):
    images, labels = read_mnist(arguments.mnist, arguments.split)
    indices = range(arguments.first, arguments.first + arguments.count)
    kinds = arguments.kinds.split(",") if arguments.kinds else [*DIGITS, *NOT_ONE_DIGIT]
    for kind in kinds:
        # A generator of its own for every kind, so that each can be drawn alone.
        rng = np.random.default_rng([arguments.seed, zlib.crc32(kind.encode())])
        for index in indices:
            if kind in DIGITS:
                picture, label = DIGITS[kind](rng, images[index]), labels[index]
            else:
                picture = NOT_ONE_DIGIT[kind](rng, lambda: images[rng.choice(indices)])
                label = "none"
            quality = int(rng.integers(40, 91)) if kind in ("jpeg", "mixed", "perspective") else None
            save(picture, arguments.folder / kind / f"{index:05}-is-{label}", quality)


def score(arguments):
    lines = [json.loads(line) for line in arguments.predictions.read_text().splitlines()]
    kinds = {}
    for line in lines:
        path = Path(line["image"])
        kinds.setdefault(path.parent.name, []).append((path.stem.split("-is-")[1], line))
    print("| kind | pictures | right | refused | wrong | wrong above 90 % |\n|---|---|---|---|---|---|")
    missed = []
    for kind, answers in sorted(kinds.items(), key=lambda item: order(item[0])):
        count = len(answers)
        refused = sum("error" in line for _, line in answers)
        given = [(label, line) for label, line in answers if "error" not in line]
        right = sum(str(line["class"]) == label for label, line in given)
        wrong = [max(line["probabilities"]) for label, line in given if str(line["class"]) != label]
        sure = sum(probability > SURE for probability in wrong)
        if kind in NOT_ONE_DIGIT:
            print(f"| {kind} | {count} | {percent(refused, count)} | | {percent(count - refused, count)} | {percent(sure, count)} |")
            passed = refused == count
        else:
            print(f"| {kind} | {count} | {percent(right, count)} | {percent(refused, count)} "
                  f"| {percent(len(wrong), count)} | {percent(sure, count)} |")
            passed = 100 * right >= RIGHT * count and 100 * sure <= CONFIDENTLY_WRONG * count
        if not passed:
            missed.append(kind)
    if missed:
        sys.exit(f"below the bar: {', '.join(missed)}")


def order(kind):
    names = [*DIGITS, *NOT_ONE_DIGIT]
    return names.index(kind) if kind in names else len(names)


def percent(part, whole):
    return f"{100 * part / whole:.1f} %"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    drawing = verbs.add_parser("draw")
    drawing.add_argument("folder", type=Path)
    drawing.add_argument("--mnist", type=Path, default=Path("models/mnist"))
    drawing.add_argument("--split", choices=["test", "train"], default="test")
    drawing.add_argument("--first", type=int, default=0)
    drawing.add_argument("--count", type=int, default=200)
    drawing.add_argument("--seed", type=int, default=1)
    drawing.add_argument("--kinds", default="")
    drawing.set_defaults(run=draw)
    scoring = verbs.add_parser("score")
    scoring.add_argument("predictions", type=Path)
    scoring.set_defaults(run=score)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
