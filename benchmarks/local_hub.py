"""How fast the local Hub takes in and gives out one large file, beside writing and hashing that file directly.

    python benchmarks/local_hub.py [--size MB] [--repeat N] [--folder DIR]

Prints a line for each transfer: seconds, how many times the seconds of the direct way before it (2 at most is asked
for), the CPU seconds of client and server, and the server's peak memory. The client hashes the whole file before it
sends a byte of it, so a part of every upload is the client's own.

Measured on 2026-11-23 on two cores that did nothing else, `--size 2048 --repeat 2`, both rounds:

    direct             7.1 s                                6.6 s
    xet up             7.7 s   1.08 x direct   64 MB        9.1 s   1.38 x direct   62 MB
    xet down           8.1 s   1.14 x direct   66 MB        8.3 s   1.27 x direct   65 MB
    direct             6.9 s                                5.0 s
    lfs up             6.8 s   1.00 x direct   52 MB        4.0 s   0.80 x direct   52 MB
    lfs down           8.3 s   1.21 x direct   55 MB        4.8 s   0.97 x direct   55 MB

Every round needs some 13 GiB of disk, which is given back at the end.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PIECE_BYTES = 1024 * 1024
REPO = "local/large"
SERVE = """
import sys
from pathlib import Path
from hubkit import localhub
localhub.serve(Path(sys.argv[1]), port=0, started=lambda hub: print(hub.url, hub.token, flush=True))
"""


@dataclass(frozen=True)
class Server:
    """A Hub in a process of its own."""

    url: str
    token: str
    pid: int

    @property
    def cpu_seconds(self) -> float:
        """User and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    @property
    def peak_bytes(self) -> int:
        """The most memory it ever held (VmHWM)."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024


@dataclass(frozen=True)
class Measured:
    """One transfer."""

    what: str
    seconds: float
    client_cpu: float = 0.0
    server_cpu: float = 0.0
    peak_bytes: int = 0

    def line(self, beside: "Measured") -> str:
        """As it is printed, held against the direct way."""
        return (
            f"{self.what:10} {self.seconds:6.1f} s  {self.seconds / beside.seconds:4.2f} x direct"
            f"  client {self.client_cpu:.1f} CPU s, server {self.server_cpu:.1f} CPU s, {self.peak_bytes / 1e6:.0f} MB"
        )


def direct(source: Path, folder: Path) -> Measured:
    """Read, hash (SHA-256), write and fsync, in pieces of 1 MiB, in one thread."""
    begun = time.perf_counter()
    digest = hashlib.sha256()
    with source.open("rb", buffering=0) as file, (folder / f"direct-{time.time()}").open("wb", buffering=0) as copy:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
            copy.write(piece)
        os.fsync(copy.fileno())
    seconds = time.perf_counter() - begun
    return Measured("direct", seconds)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A new Hub with an empty store."""
    command = [sys.executable, "-c", SERVE, tempfile.mkdtemp(dir=folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        url, token = process.stdout.readline().split()
        yield Server(url, token, process.pid)
    finally:
        process.terminate()
        process.wait()


def through(server: Server, what: str, source: Path, folder: Path) -> Measured:
    """One transfer by the real client in a process of its own, with caches of its own."""
    home = tempfile.mkdtemp(dir=folder)
    environment = {
        **os.environ,
        "HF_ENDPOINT": server.url,
        "HF_TOKEN": server.token,
        "HF_HOME": home,
        "HF_HUB_DISABLE_XET": str(int(what.startswith("lfs"))),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "127.0.0.1",
    }
    before = server.cpu_seconds
    command = [sys.executable, __file__, "--client", what, str(source)]
    answer = json.loads(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout)
    return Measured(what, answer["seconds"], answer["cpu"], server.cpu_seconds - before, server.peak_bytes)


def client(what: str, source: Path) -> None:
    """In the client's process: time one transfer, imports and connecting left out."""
    from huggingface_hub import HfApi

    api = HfApi()
    api.create_repo(REPO, exist_ok=True)
    begun, cpu = time.perf_counter(), time.process_time()
    if what.endswith("up"):
        api.upload_file(repo_id=REPO, path_or_fileobj=source, path_in_repo=f"{what}.bin")
    else:
        api.hf_hub_download(REPO, f"{what.replace('down', 'up')}.bin")
    print(json.dumps({"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu}))


def write_source(path: Path, size: int) -> None:
    """Random bytes."""
    with path.open("wb") as file:
        for _ in range(size // PIECE_BYTES):
            file.write(os.urandom(PIECE_BYTES))


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=2048, help="MiB")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the store and the file lie (default: a temporary one)")
    parser.add_argument("--client", nargs=2)
    parser.add_argument("--modes", nargs="*", default=["xet", "lfs"])
    arguments = parser.parse_args()
    if arguments.client:
        client(arguments.client[0], Path(arguments.client[1]))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        source = folder / "source"
        write_source(source, arguments.size * 2**20)
        for _ in range(arguments.repeat):
            for mode in arguments.modes:
                beside = direct(source, folder)
                print(f"{beside.what:10} {beside.seconds:6.1f} s", flush=True)
                with serving(folder) as server:
                    for way in ("up", "down"):
                        print(through(server, f"{mode}-{way}", source, folder).line(beside), flush=True)


if __name__ == "__main__":
    main()
