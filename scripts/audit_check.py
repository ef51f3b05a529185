"""Plants wrong labels and copies in MNIST, and tells how many of them `graft audit` finds.

    python3 scripts/audit_check.py GRAFT [AUDIT ARGUMENT...]

MNIST must be fetched (GRAFT_HOME). One label in a hundred is changed at random; then 100 images are replaced by
copies of others, half of them brighter or noisy. The test images' known errors are looked for by `--test`.
"""

import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KNOWN = [947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729]
HOME = Path(os.environ["GRAFT_HOME"])
MNIST = HOME / "models/mnist"


def audit(graft, source, arguments):
    started = time.monotonic()
    command = [graft, "audit", "--json", "--set", f"data.source={source}", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout), time.monotonic() - started


def copy(folder, images, labels):
    for name in ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (folder / name).write_bytes((MNIST / name).read_bytes())
    (folder / "train-images-idx3-ubyte").write_bytes(images)
    (folder / "train-labels-idx1-ubyte").write_bytes(labels)


def main():
    graft, arguments = sys.argv[1], sys.argv[2:]
    images = (MNIST / "train-images-idx3-ubyte").read_bytes()
    labels = (MNIST / "train-labels-idx1-ubyte").read_bytes()
    count = struct.unpack(">I", labels[4:8])[0]
    draw = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        flipped, changed = draw.sample(range(count), count // 100), bytearray(labels)
        for index in flipped:
            changed[8 + index] = (changed[8 + index] + draw.randrange(1, 10)) % 10
        copy(folder, images, bytes(changed))
        found, seconds = audit(graft, folder, arguments)
        suspects = found["splits"][0]["suspects"]
        first = {one["index"] for one in suspects[: len(flipped)]}
        wrong = {one["index"] for one in suspects if one["probably_wrong"]}
        hits, right = len(first & set(flipped)), len(wrong & set(flipped))
        print(f"labels: {hits} of {len(flipped)} changed ones are among the first {len(flipped)}")
        print(f"labels: {len(wrong)} are called probably wrong, {right} of which were changed; {seconds:.0f} s")

        pixels, planted = bytearray(images), set()
        places = draw.sample(range(count), 200)
        for number, (original, place) in enumerate(zip(places[::2], places[1::2])):
            one = images[16 + 784 * original :][:784]
            if number % 4 == 1:
                one = bytes(min(255, value * 5 // 4) for value in one)
            elif number % 4 == 3:
                one = bytes(max(0, min(255, value + draw.randrange(-8, 9))) for value in one)
            pixels[16 + 784 * place : 16 + 784 * place + 784] = one
            planted.add(frozenset((original, place)))
        copy(folder, bytes(pixels), labels)
        found, seconds = audit(graft, folder, arguments)
        groups = {frozenset(one["index"] for one in group["images"]) for group in found["copies"]}
        print(f"copies: {len(groups & planted)} of {len(planted)} planted pairs found, {len(groups - planted)} others; {seconds:.0f} s")

    found, seconds = audit(graft, "mnist", ["--test", *arguments])
    ranks = [one["index"] for one in found["splits"][1]["suspects"]]
    known = [one for one in ranks[:100] if one in KNOWN]
    print(f"test labels: {len(known)} of {len(KNOWN)} known errors are among the first 100: {known}")
    print(f"MNIST's own copies: {len(found['copies'])} groups; {seconds:.0f} s")


if __name__ == "__main__":
    main()
