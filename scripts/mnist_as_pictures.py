"""Writes MNIST as 70,000 PNG files in folders: OUT/train/DIGIT/NUMBER.png and OUT/test/DIGIT/NUMBER.png.

    python3 scripts/mnist_as_pictures.py models/mnist OUT

Trained with --set data.source=OUT, the seed recipe ends in the same head as from the IDX files, bit for bit:
the numbers in the files' names keep their order.
"""

import struct
import sys
import zlib
from pathlib import Path


def png(pixels: bytes, side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + pixels[at : at + side] for at in range(0, len(pixels), side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def main(source: Path, out: Path) -> None:
    for split, name in [("train", "train"), ("test", "t10k")]:
        images = (source / f"{name}-images-idx3-ubyte").read_bytes()[16:]
        labels = (source / f"{name}-labels-idx1-ubyte").read_bytes()[8:]
        for digit in range(10):
            (out / split / str(digit)).mkdir(parents=True, exist_ok=True)
        for index, label in enumerate(labels):
            pixels = images[index * 784 : (index + 1) * 784]
            (out / split / str(label) / f"{index:05}.png").write_bytes(png(pixels, 28))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
