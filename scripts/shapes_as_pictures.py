"""Draws pictures of four classes of shapes in colour, for tests of scale: OUT/CLASS/NUMBER.jpg.

    python3 scripts/shapes_as_pictures.py OUT [COUNT of each class, 8000] [SIDE in pixels, 224]

Needs Pillow. The same arguments give the same pictures.
"""

import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw

CLASSES = ["circle", "cross", "square", "triangle"]


def draw(shape: str, side: int, rng: random.Random) -> Image.Image:
    def colour() -> tuple:
        return tuple(rng.randrange(256) for _ in range(3))

    image = Image.new("RGB", (side, side), colour())
    pen = ImageDraw.Draw(image)
    for _ in range(12):
        ends = [rng.randrange(side) for _ in range(4)]
        pen.line(ends, fill=colour(), width=rng.randrange(1, 4))
    half = rng.randrange(side // 8, side // 3)
    x, y = (rng.randrange(half, side - half) for _ in range(2))
    box, ink = [x - half, y - half, x + half, y + half], colour()
    if shape == "circle":
        pen.ellipse(box, fill=ink)
    elif shape == "square":
        pen.rectangle(box, fill=ink)
    elif shape == "triangle":
        pen.polygon([(x, y - half), (x - half, y + half), (x + half, y + half)], fill=ink)
    else:
        arm = max(1, half // 4)
        pen.rectangle([x - arm, y - half, x + arm, y + half], fill=ink)
        pen.rectangle([x - half, y - arm, x + half, y + arm], fill=ink)
    return image


def main(out: Path, count: int = 8000, side: int = 224) -> None:
    for label, shape in enumerate(CLASSES):
        folder = out / shape
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            rng = random.Random(label * 1_000_003 + index)
            draw(shape, side, rng).save(folder / f"{index:05}.jpg", quality=90)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:4]))
