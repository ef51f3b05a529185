#!/usr/bin/env python3
"""Opens a page of `cargo xtask page` in real browsers, and compares its answers with those of `graft eval`.

    python3 scripts/web_check.py PAGE RUN IMAGES [--browser chromium] [--limit N] [--plain]

PAGE is the exported folder, RUN the folder of the run that it was exported from, after `graft eval`, and
IMAGES MNIST's file of test images, t10k-images-idx3-ubyte. The page is served below a path, on this machine
alone. The browser opens it, gives it a picture and draws a digit, then classifies every image and reports the
times. --plain has it use the code without SIMD. Needs nothing but Python and the browser, Chromium or Firefox.
Exit code 1: the page failed, an answer differs, or it is too slow or too large.
"""

import argparse
import csv
import http.server
import json
import math
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import zlib

MOST_BYTES = 8 << 20  # of the page
FIRST = 2000  # ms from opening the page to its first answer
NEXT = 50  # ms for an answer, the median
AFTER_A_STROKE = 100  # ms from the end of a stroke to the answer on the page
PATIENCE = 1500  # s
BELOW = "/some/path/"  # where the page is served

CHECK = (pathlib.Path(__file__).parent / "web_check.js").read_bytes()


def png(pixels, side=28):
    """Grey pixels as a PNG file."""

    def chunk(kind, content):
        sum_ = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", sum_)

    rows = b"".join(b"\0" + pixels[at : at + side] for at in range(0, len(pixels), side))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows, 1)), chunk(b"IEND", b"")]
    )


class Handler(http.server.SimpleHTTPRequestHandler):
    """The page, the script that checks it, the images one after another, and where results go."""

    def do_GET(self):
        if self.path == "/check.html":
            self.answer(b"<!doctype html><script type=module src=check.js></script>", "text/html")
        elif self.path == "/check.js":
            self.answer(CHECK, "text/javascript")
        elif self.path == "/images":
            self.answer(self.server.images, "application/octet-stream")
        elif self.path.startswith(BELOW):
            super().do_GET()
        else:
            self.send_error(404)

    def translate_path(self, path):
        name = path.removeprefix(BELOW).split("?")[0] or "index.html"
        if self.server.plain and name == "graft.wasm":
            name = "graft-plain.wasm"
        return str(self.server.page / pathlib.PurePath(name).name)

    def do_POST(self):
        self.server.result = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(b"", "text/plain")
        self.server.done.set()

    def answer(self, content, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def browse(browser, server):
    """Opens the check in a fresh browser, and returns what it reports."""
    address = f"http://127.0.0.1:{server.server_port}/check.html"
    # The browser's children write to the profile until they end, which nobody waits for.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        if "firefox" in browser:
            command = [browser, "--headless", "--no-remote", "--profile", profile, address]
        else:
            options = "--headless --no-sandbox --disable-gpu --disable-background-networking --remote-debugging-port=0"
            command = [browser, *options.split(), f"--user-data-dir={profile}", address]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        try:
            if not server.done.wait(PATIENCE):
                raise SystemExit(f"{browser}: nothing came back within {PATIENCE} s")
        finally:
            process.terminate()
            process.wait()
    return server.result


def softmax(logits):
    largest = max(logits)
    shares = [math.exp(logit - largest) for logit in logits]
    return [share / sum(shares) for share in shares]


def compare(answers, rows):
    """How many classes are others, and the largest difference of probabilities."""
    others, largest = [], 0.0
    for index, (answer, row) in enumerate(zip(answers, rows, strict=True)):
        if answer["class"] != int(row["predicted"]):
            others.append(index)
        logits = [float(value) for value in list(row.values())[4:]]
        pairs = zip(answer["probabilities"], softmax(logits), strict=True)
        largest = max([largest, *(abs(found - expected) for found, expected in pairs)])
    return others, largest


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("images", type=pathlib.Path)
    parser.add_argument("--browser", default="chromium")
    parser.add_argument("--limit", type=int, help="only the first N images")
    parser.add_argument("--plain", action="store_true")
    arguments = parser.parse_args()

    rows = list(csv.DictReader((arguments.run / "predictions/test.csv").open()))[: arguments.limit]
    pixels = arguments.images.read_bytes()[16:]
    digits = [png(pixels[at : at + 784]) for at in range(0, 784 * len(rows), 784)]
    size = sum(file.stat().st_size for file in arguments.page.iterdir())

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.images = b"".join(struct.pack("<I", len(one)) + one for one in digits)
    server.page, server.plain, server.done = arguments.page, arguments.plain, threading.Event()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    result = browse(arguments.browser, server)
    if "error" in result:
        raise SystemExit(f"the page failed: {result['error']}")

    others, largest = compare(result["answers"], rows)
    times = sorted(result["times"])
    median, p99 = statistics.median(times), times[len(times) * 99 // 100]
    print(result["agent"])
    print(f"page: {size:,} bytes")
    print(f"first answer: {result['first']:.0f} ms after the page was opened, {result['name']!r}")
    print(f"after a stroke: {result['stroke']:.0f} ms, drawn: {result['drawn']!r}")
    print(f"each next: {median:.1f} ms (median), {p99:.1f} ms (99 %), {times[-1]:.1f} ms (longest)")
    print(f"classes: {len(rows) - len(others)} of {len(rows)} as recorded; others: {others[:10]}")
    print(f"largest difference of probabilities: {largest:.1e}")
    wrong = [
        size > MOST_BYTES and "the page is too large",
        result["first"] > FIRST and "the first answer came too late",
        result["stroke"] > AFTER_A_STROKE and "the answer to a stroke came too late",
        median > NEXT and "answers came too late",
        others and "classes differ",
        result["violations"] and f"the page's policy was violated: {result['violations']}",
        result["name"] != rows[0]["predicted"] and "the page showed another class",
        not result["drawn"].startswith("1") and "a drawn 1 was not recognised",
    ]
    for one in filter(None, wrong):
        print(f"failed: {one}")
    return 1 if any(wrong) else 0


if __name__ == "__main__":
    sys.exit(main())
