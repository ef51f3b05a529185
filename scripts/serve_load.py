#!/usr/bin/env python3
"""Loads `graft serve` on this machine, misuses it, and says what failed.

    scripts/serve_load.py GRAFT RUN [--requests 1000] [--connections 32]

Single pictures over some connections at once, against one at a time; a body over the limit, slow senders, half a
request, idle connections; the memory that all of it took (Linux), and the time that stopping takes. Needs nothing
but Python. The pictures are a digit drawn as the page draws it: 140x140, grey.
"""

import argparse
import asyncio
import json
import math
import pathlib
import signal
import struct
import subprocess
import sys
import time
import zlib

MEBIBYTE = 1 << 20
LIMIT = 20 * MEBIBYTE
STOP = 2.0  # seconds
MEMORY = 300  # MiB at most over that of a server that has answered one request
failures = []


def check(what, right, found=""):
    print(f"{'ok  ' if right else 'FAIL'}  {what}{f': {found}' if found != '' else ''}", flush=True)
    if not right:
        failures.append(what)


def seven(side=140, pen=5):
    """A drawn 7 as PNG."""
    lines = [((0.28, 0.18), (0.72, 0.18)), ((0.72, 0.18), (0.48, 0.86))]

    def distance(x, y, line):
        (ax, ay), (bx, by) = [(px * side, py * side) for px, py in line]
        along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
        along = min(max(along, 0), 1)
        return math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay))

    rows = b"".join(
        b"\0" + bytes(17 if min(distance(x, y, line) for line in lines) < pen else 255 for x in range(side))
        for y in range(side)
    )
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Server:
    def __init__(self, graft, run):
        command = [graft, "serve", run, "--port", "0", "--offline"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split(":")[-1].strip("/\n"))

    def connect(self):
        return asyncio.open_connection("127.0.0.1", self.port)

    def head(self, length, close=False):
        lines = ["POST /predict HTTP/1.1", f"Host: 127.0.0.1:{self.port}", "Content-Type: image/png", length]
        return "\r\n".join(lines + ["Connection: close"] * close + ["", ""]).encode()

    def memory(self, what="VmHWM"):
        """Memory that is, or was at most, resident, in MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split(what + ":")[1].split()[0]) / 1024


async def answer(reader):
    """Status and body of the next answer."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.split("content-length:")[1].split("\r\n")[0])
    return int(head.split()[1]), await reader.readexactly(length)


async def outcome(reader):
    """The next answer's status, or that there is none."""
    try:
        return (await asyncio.wait_for(answer(reader), 40))[0]
    except (ConnectionError, asyncio.IncompleteReadError):
        return "closed"  # while it was still sending


async def client(server, picture, count, seconds, classes):
    reader, writer = await server.connect()
    request = server.head(f"Content-Length: {len(picture)}") + picture
    for _ in range(count):
        started = time.perf_counter()
        writer.write(request)
        status, body = await answer(reader)
        seconds.append(time.perf_counter() - started)
        classes.append(json.loads(body)["class"] if status == 200 else f"status {status}")
    writer.close()


async def load(server, picture, requests, connections):
    """Pictures a second, and the time of each."""
    seconds, classes = [], []
    started = time.perf_counter()
    counts = [len(range(first, requests, connections)) for first in range(connections)]  # as even as can be
    clients = [client(server, picture, count, seconds, classes) for count in counts]
    await asyncio.gather(*clients)
    return len(seconds) / (time.perf_counter() - started), sorted(seconds), classes


def described(seconds):
    at = lambda share: seconds[min(int(share * len(seconds)), len(seconds) - 1)] * 1e3
    return f"p50 {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, most {seconds[-1] * 1e3:.1f} ms"


async def is_served(server, picture):
    seconds, classes = [], []
    await client(server, picture, 1, seconds, classes)
    return classes == [7] and seconds[0] < 2


async def misuse(server, picture):
    reader, writer = await server.connect()
    writer.write(server.head(f"Content-Length: {LIMIT + 1}", close=True))
    check("a body over the limit is refused", (await answer(reader))[0] == 413)

    senders = []
    for _ in range(20):  # as many as their memory allows, and more
        reader, writer = await server.connect()
        writer.write(server.head(f"Content-Length: {LIMIT}") + bytes(LIMIT // 2))
        senders.append((reader, writer))
    check("it serves while large bodies stand still", await is_served(server, picture))
    told = sorted([await outcome(reader) for reader, _ in senders], key=str)
    check("each of these is told 408 or 503, or closed", set(told) <= {408, 503, "closed"} and 408 in told, told)

    reader, writer = await server.connect()
    writer.write(server.head(f"Content-Length: {len(picture)}"))
    started = time.perf_counter()
    try:
        for byte in picture:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.5)
            if reader.at_eof() or time.perf_counter() - started > 45:
                break
    except ConnectionError:
        pass
    took = time.perf_counter() - started
    check("a sender of 2 bytes a second is cut off", took < 40, f"after {took:.0f} s")

    for _ in range(100):
        _, writer = await server.connect()
        writer.write(server.head(f"Content-Length: {len(picture)}")[:40])
        writer.close()
    check("it serves after 100 halves of a request", await is_served(server, picture))
    idle = [await server.connect() for _ in range(200)]
    check("it serves beside 200 idle connections", await is_served(server, picture))
    more = [await server.connect() for _ in range(100)]
    reader, writer = await server.connect()
    check("beyond 256 connections it says 503", (await answer(reader))[0] == 503)
    for _, writer in idle + more:
        writer.close()
    await asyncio.sleep(0.2)
    check("it serves after them", await is_served(server, picture))


async def measured(server, given, picture):
    await load(server, picture, 20, 1)
    before = server.memory()
    alone, seconds, _ = await load(server, picture, given.requests // 4, 1)
    print(f"      one at a time: {alone:.0f} pictures/s, {described(seconds)}")
    rate, seconds, classes = await load(server, picture, given.requests, given.connections)
    lost = given.requests - len(classes)
    print(f"      {given.connections} connections: {rate:.0f} pictures/s ({rate / alone:.2f} times), {described(seconds)}")
    check("none is lost, and all answers are right", lost == 0 and set(classes) == {7}, set(classes))
    print(f"      memory: {before:.0f} MiB at most after the first requests, {server.memory():.0f} MiB after the load")
    return before


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("graft")
    arguments.add_argument("run")
    arguments.add_argument("--requests", type=int, default=1000)
    arguments.add_argument("--connections", type=int, default=32)
    arguments.add_argument("--rate-only", action="store_true", help="measure, and misuse nothing")
    given = arguments.parse_args()
    server, picture = Server(given.graft, given.run), seven()
    try:
        before = asyncio.run(measured(server, given, picture))
        if not given.rate_only:
            asyncio.run(misuse(server, picture))
            most = server.memory()
            check(f"memory grew by at most {MEMORY} MiB", most - before < MEMORY, f"{before:.0f} to {most:.0f} MiB")
        started = time.perf_counter()
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(10)
        took = time.perf_counter() - started
        check(f"it stops within {STOP} s", took < STOP and code == 0, f"{took:.2f} s, exit code {code}")
    finally:
        server.process.kill()
    sys.exit(f"{len(failures)} failed" if failures else 0)


if __name__ == "__main__":
    main()
