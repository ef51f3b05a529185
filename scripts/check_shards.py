#!/usr/bin/env python3
"""Extracts the features of MNIST and of pictures in colour with Ray, on several nodes of this machine, while workers are
killed and nodes taken away, into a folder and into an S3 server behind a proxy that fails, and holds the shards against those
of one process. The pictures are named by a manifest; for the S3 server both lie there, too.

    pip install ray "moto[server]" boto3 psutil pillow
    scripts/check_shards.py GRAFT HOME [--limit IMAGES] [--pictures N] [--shards N] [--kills N]

GRAFT is a program from `cargo xtask build --stores`, HOME a folder with models/ in it. Prints a line for each check; exit
code 1 where one fails. Nothing is needed from the network.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import boto3
import psutil
from ray.cluster_utils import Cluster

HERE = Path(__file__).parent
BUCKET = "graft"
# Of a node's memory for the program and the weights; what drivers leave that are killed stays there for a while.
OBJECTS = 1 << 30
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_ALLOW_HTTP": "true",
}


class FailingProxy(socketserver.ThreadingTCPServer):
    """Passes bytes on to a server; of every ten connections one gets a 503, one is slow, and one is cut while it sends."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, target: tuple[str, int]):
        super().__init__(("127.0.0.1", 0), Passing)
        self.target = target
        self.faults = {"503": 0, "slow": 0, "cut": 0}
        self.random = random.Random(1)
        self.lock = threading.Lock()


class Passing(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server = self.server
        with server.lock:
            fault = server.random.choice(["503", "slow", "cut", *[None] * 7])
            if fault:
                server.faults[fault] += 1
        if fault == "503":
            self.request.recv(1 << 16)
            answer = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            self.request.sendall(answer)
            return
        if fault == "slow":
            time.sleep(1)
        with socket.create_connection(server.target) as other:
            back = threading.Thread(target=self.copy, args=(other, self.request), daemon=True)
            back.start()
            self.copy(self.request, other, 20_000 if fault == "cut" else None)
            back.join(timeout=None if fault != "cut" else 0)

    @staticmethod
    def copy(start: socket.socket, end: socket.socket, most: int | None = None) -> None:
        passed = 0
        try:
            while data := start.recv(1 << 16):
                passed += len(data)
                if most and passed > most:
                    break
                end.sendall(data)
        except OSError:
            pass
        for one in (start, end):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Store:
    """An S3 server on this machine, and a proxy before it that fails."""

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        null = subprocess.DEVNULL
        moto = [sys.executable, "-m", "moto.server", "-p", str(port)]
        self.server = subprocess.Popen(moto, stdout=null, stderr=null)
        self.direct = f"http://127.0.0.1:{port}"
        os.environ.update(ENVIRONMENT)
        self.client = boto3.client("s3", endpoint_url=self.direct)
        for _ in range(100):
            try:
                self.client.create_bucket(Bucket=BUCKET)
                break
            except Exception:  # noqa: BLE001: not there yet
                time.sleep(0.2)
        self.proxy = FailingProxy(("127.0.0.1", port))
        threading.Thread(target=self.proxy.serve_forever, daemon=True).start()

    def ways(self):
        yield "S3", self.direct, lambda: ""
        yield "S3 that fails", f"http://127.0.0.1:{self.proxy.server_address[1]}", lambda: f"; {self.proxy.faults}"

    def upload(self, pictures: Path) -> None:
        for file in pictures.rglob("*.jpg"):
            key = f"pictures/{file.relative_to(pictures)}"
            self.client.put_object(Bucket=BUCKET, Key=key, Body=file.read_bytes())

    def content(self, prefix: str) -> dict[str, str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{prefix}/")
        keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
        body = lambda key: self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read()  # noqa: E731
        return {key.rsplit("/", 1)[1]: hashlib.sha256(body(key)).hexdigest() for key in keys}


class Check:
    def __init__(self, arguments: argparse.Namespace, folder: Path):
        self.graft, self.shards, self.kills = arguments.graft, arguments.shards, arguments.kills
        self.home, self.folder = arguments.home, folder
        self.more: list[str] = []
        self.failed = False
        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": OBJECTS})
        self.cores = max(2, os.cpu_count() or 2)
        self.nodes = [self.node() for _ in range(self.cores)]

    def node(self):
        return self.cluster.add_node(num_cpus=1, object_store_memory=OBJECTS)

    def tell(self, what: str, holds: bool, more: str = "") -> None:
        print(f"{'ok    ' if holds else 'FAILED'}  {what}{': ' if more else ''}{more}", flush=True)
        self.failed |= not holds

    def run_graft(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        environment = {**os.environ, "GRAFT_HOME": str(self.home), **environment}
        recipe = ["--offline", *self.more] if arguments[0] != "manifest" else []
        command = [str(self.graft), *arguments, *recipe]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def driver(self, to: str, **environment: str) -> subprocess.Popen:
        command = [sys.executable, str(HERE / "cluster/ray_extract.py"), "--graft", str(self.graft)]
        command += ["--home", str(self.home), "--shards", str(self.shards), "--to", to]
        command += ["--address", self.cluster.address, "--retries", "100"]
        command += [part for name in environment for part in ("--pass", name)]
        command += ["--", *self.more]
        environment = {**os.environ, **environment}
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)

    def finish(self, what: str, driver: subprocess.Popen, to: Path, more: str = "") -> None:
        out, err = driver.communicate()
        last = progress(out)
        found = content(to)
        # What a killed worker was writing, which `gather` deletes.
        half = {name for name in found if name.startswith(".graft-")}
        same = driver.returncode == 0 and {name: found[name] for name in found.keys() - half} == self.expected
        more += f"; {len(half)} half-written files" if half else ""
        self.tell(what, same, f"{last}{more}" if same else f"exit code {driver.returncode}: {err[-2000:]}")
        if half:
            gathered = self.run_graft("gather", str(to))
            whole = gathered.returncode == 0 and content(to) == self.expected
            self.tell(f"{what}, gathered", whole, "" if whole else gathered.stderr[-2000:])
            self.run_graft_cache()

    def all(self, folder: Path, more: list[str], store: Store, pictures: Path | None) -> None:
        self.folder, self.more = folder, more
        folder.mkdir()
        self.alone()
        self.undisturbed()
        self.disturbed()
        self.on_store(store, pictures)

    def alone(self) -> None:
        started = time.monotonic()
        done = self.run_graft("extract", "--shards", f"0..{self.shards}/{self.shards}", "--to", str(self.folder / "alone"))
        took = time.monotonic() - started
        self.expected = content(self.folder / "alone")
        told = [json.loads(line) for line in done.stdout.splitlines()]
        images = sum(one["images"] for one in told)
        self.tell("one process", done.returncode == 0, f"{len(told)} shards, {images / took:.0f} images/s")

    def undisturbed(self) -> None:
        to = self.folder / "ray"
        self.finish(f"Ray, {self.cores} nodes of a core", self.driver(str(to)), to)
        self.finish("the same driver again", self.driver(str(to)), to)

    def disturbed(self) -> None:
        to, kills = self.folder / "killed", 0
        driver = self.driver(str(to))
        while driver.poll() is None and kills < self.kills:
            time.sleep(random.uniform(0.2, 1.5))
            workers = [one for one in psutil.process_iter(["cmdline"]) if is_worker(one)]
            if workers:
                try:
                    random.choice(workers).kill()
                    kills += 1
                except psutil.NoSuchProcess:
                    pass
        self.finish("workers killed at random", driver, to, f"; {kills} killed")

        to, gone = self.folder / "gone", 0
        driver = self.driver(str(to))
        while driver.poll() is None and gone < self.kills:
            time.sleep(random.uniform(1, 3))
            node = self.nodes.pop(random.randrange(len(self.nodes)))
            self.cluster.remove_node(node, allow_graceful=False)
            self.nodes.append(self.node())
            gone += 1
        self.finish("nodes taken away at random", driver, to, f"; {gone} taken away")

        to, killed = self.folder / "driver", 0
        for _ in range(3):
            driver = self.driver(str(to))
            time.sleep(random.uniform(4, 10))
            killed += driver.poll() is None
            driver.kill()
            driver.communicate()
        self.finish("the driver killed and started again", self.driver(str(to)), to, f"; {killed} times")

    def on_store(self, store: Store, pictures: Path | None) -> None:
        if pictures:
            store.upload(pictures)
        for what, endpoint, more in store.ways():
            environment = {"AWS_ENDPOINT": endpoint, **ENVIRONMENT}
            if pictures:
                manifest = self.folder / f"{what.replace(' ', '-')}.jsonl"
                made = self.run_graft("manifest", f"s3://{BUCKET}/pictures", "--to", str(manifest), **environment)
                self.tell(f"{what}, manifest", made.returncode == 0, made.stdout.splitlines()[0] if made.stdout else made.stderr)
                store.client.upload_file(str(manifest), BUCKET, manifest.name)
                self.more[1] = f"data.source=s3://{BUCKET}/{manifest.name}"
            folder = f"{what.replace(' ', '-')}-{'pictures' if pictures else 'mnist'}"
            self.to_store(what, folder, store, environment, more)

    def to_store(self, what: str, folder: str, store: Store, environment: dict, more) -> None:
        url = f"s3://{BUCKET}/{folder}"
        driver = self.driver(url, **environment)
        out, err = driver.communicate()
        # Where the images come from there, too, the key is another, and the shards are the same.
        found = {name: content for name, content in store.content(folder).items() if name != "key.json"}
        expected = {name: content for name, content in self.expected.items() if name != "key.json"}
        same = driver.returncode == 0 and found == expected
        last = progress(out)
        self.tell(what, same, f"{last}{more()}" if same else f"exit code {driver.returncode}: {err[-2000:]}")
        gathered = self.run_graft("gather", url, **environment)
        small = ["--set", "data.validation=100", "--set", "training.epochs=1"]
        # One picture of each class is looked at for the report.
        trained = self.run_graft("train", "--json", *small, **environment) if gathered.returncode == 0 else gathered
        holds = trained.returncode == 0 and json.loads(trained.stdout)["cache"] == "hit"
        self.tell(f"{what}, gathered and trained on", holds, "" if holds else trained.stderr[-2000:])
        self.run_graft_cache()
        # Two trainings that read the shards from the store each time learn the same.
        gathered = self.run_graft("gather", url, "--in-place", **environment)
        heads, copied = set(), []
        for _ in range(2):
            trained = self.run_graft("train", "--json", *small, **environment) if gathered.returncode == 0 else gathered
            if trained.returncode != 0:
                break
            run = Path(json.loads(trained.stdout)["run"])
            heads.add(hashlib.sha256((run / "head.safetensors").read_bytes()).hexdigest())
            copied = [file for file in self.home.glob("cache/*/*-of-*") if file.is_file()]
        holds = trained.returncode == 0 and len(heads) == 1 and not copied
        self.tell(f"{what}, trained on in place", holds, "" if holds else f"{heads}, {copied}, {trained.stderr[-2000:]}")
        self.run_graft_cache()

    def run_graft_cache(self) -> None:
        environment = {**os.environ, "GRAFT_HOME": str(self.home)}
        subprocess.run([str(self.graft), "cache", "clear"], env=environment, capture_output=True, check=True)


def progress(out: str) -> str:
    """What the driver said last; Ray says things, too."""
    lines = [line for line in out.splitlines() if " shards, " in line]
    return lines[-1] if lines else ""


def content(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file of the only entry in a folder of shards, by name."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def is_worker(process: psutil.Process) -> bool:
    command = process.info["cmdline"] or [""]
    return command[0].startswith("ray::extract") or (len(command) > 1 and "graft-" in command[0] and command[1] == "extract")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graft", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("--limit", type=int, default=0, help="images (default: all 60,000)")
    parser.add_argument("--pictures", type=int, default=20_000, help="in colour (default: 20,000; 0 leaves them out)")
    parser.add_argument("--shards", type=int, default=64)
    parser.add_argument("--kills", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        home = folder / "home"
        home.mkdir()
        (home / "models").symlink_to((arguments.home / "models").resolve())
        arguments.home, arguments.graft = home, arguments.graft.resolve()
        check, store = Check(arguments, folder), Store()
        try:
            print("MNIST", flush=True)
            check.all(folder / "mnist", ["--set", f"data.limit={arguments.limit}"], store, None)
            if arguments.pictures:
                print("Pictures in colour", flush=True)
                pictures, manifest = folder / "pictures", folder / "pictures.jsonl"
                draw = [sys.executable, str(HERE / "shapes_as_pictures.py"), str(pictures), str(arguments.pictures // 4), "64"]
                subprocess.run(draw, check=True)
                made = check.run_graft("manifest", str(pictures), "--to", str(manifest))
                check.tell("manifest", made.returncode == 0, made.stdout.splitlines()[0] if made.stdout else made.stderr)
                more = ["--set", f"data.source={manifest}", "--set", "data.test_share=0"]
                check.all(folder / "shapes", more, store, pictures)
        finally:
            store.server.kill()
            check.cluster.shutdown()
    sys.exit(check.failed)


if __name__ == "__main__":
    main()
