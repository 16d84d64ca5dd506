"""One server per store, found again, gone when its process goes."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from hubkit import localhub

ENSURE = """
import sys
from pathlib import Path
from hubkit import localhub
hub = localhub.ensure(Path(sys.argv[1]), port=int(sys.argv[2]))
print(hub.url)
"""


def ensured(store: Path, port: int = 0) -> str:
    command = [sys.executable, "-W", "error", "-c", ENSURE, str(store), str(port)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert ran.stderr == ""
    return ran.stdout.strip()


def test_importing_the_door_imports_no_server():
    code = "import sys, hubkit.localhub; print([m for m in ('starlette', 'uvicorn', 'yaml') if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"


def test_a_running_server_is_found(tmp_path: Path):
    with localhub.running(tmp_path / "store") as hub:
        assert ensured(tmp_path / "store") == hub.url
        assert localhub.ensure(tmp_path / "store") == hub
        assert ensured(tmp_path / "other") != hub.url


def test_the_server_ends_with_its_process_and_takes_its_note_along(tmp_path: Path):
    url = ensured(tmp_path / "store")

    assert not (tmp_path / "store" / "server.json").exists()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url)


def test_a_stale_note_is_no_server(tmp_path: Path):
    first = ensured(tmp_path / "store")
    note = tmp_path / "store" / "server.json"
    for stale in (json.dumps({"pid": 1, "url": first}), "["):
        note.write_text(stale)
        assert ensured(tmp_path / "store").startswith("http://127.0.0.1:")


def test_a_taken_port_is_replaced(tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert ensured(tmp_path / "store", taken) != f"http://127.0.0.1:{taken}"


def test_tokens_are_kept_and_are_nobody_elses(tmp_path: Path):
    with localhub.running(tmp_path / "store") as first:
        pass
    with localhub.running(tmp_path / "store") as second:
        assert (first.token, first.admin_token) == (second.token, second.admin_token)
    with localhub.running(tmp_path / "store", user="carol") as third:
        assert third.token not in (first.token, "")

    assert (tmp_path / "store" / "tokens").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "store" / "store.json").stat().st_mode & 0o777 == 0o600
    assert first.token not in repr(first)


def test_a_server_that_does_not_know_the_stores_tokens_is_no_help(tmp_path: Path, token_file: Path):
    with localhub.running(tmp_path / "store", token_file=token_file) as hub:
        assert ensured(tmp_path / "store") != hub.url


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_foreground_server_cleanly(tmp_path: Path, number: signal.Signals):
    code = "import sys, pathlib; from hubkit import localhub; localhub.serve(pathlib.Path(sys.argv[1]), port=0)"
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.PIPE, text=True)
    note = tmp_path / "server.json"
    while not note.exists():
        time.sleep(0.01)
    process.send_signal(number)
    _, words = process.communicate(timeout=20)

    assert words == ""
    assert not note.exists()


def test_a_token_added_to_the_file_works_at_once(tmp_path: Path):
    tokens = tmp_path / "tokens"
    tokens.write_text("alice write hf_a\n")
    with localhub.running(tmp_path / "store", token_file=tokens) as hub:
        tokens.write_text("alice write hf_a\nbob read hf_b acme,other\n")
        bob = HfApi(endpoint=hub.url, token="hf_b").whoami()

    assert (bob["name"], [org["name"] for org in bob["orgs"]]) == ("bob", ["acme", "other"])


def test_beyond_loopback_only_with_a_token_file(tmp_path: Path):
    with pytest.raises(ValueError, match="token file"):
        localhub.serve(tmp_path, host="0.0.0.0")


def test_a_bad_token_file_names_its_line(tmp_path: Path):
    (tmp_path / "tokens").write_text("alice write hf_a\nalice hf_b\n")

    with pytest.raises(ValueError, match="tokens:2"), localhub.running(tmp_path, token_file=tmp_path / "tokens"):
        pass


def test_the_command_serves_other_machines_and_says_so(tmp_path: Path):
    """Readers read, members of an organization write to it, and nobody else does."""
    tokens = tmp_path / "tokens"
    tokens.write_text("# the class\nann write hf_ann class\nben read hf_ben class\neve write hf_eve\n")
    command = [sys.executable, "-m", "hubkit", "hub", "serve", "--store", str(tmp_path / "store"), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--host", "0.0.0.0", "--token-file", str(tokens)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    url = process.stdout.readline().split()[0].replace("0.0.0.0", "127.0.0.1")
    ann, ben, eve = (HfApi(endpoint=url, token=f"hf_{name}") for name in ("ann", "ben", "eve"))
    try:
        repo = ann.create_repo("class/work", private=True).repo_id
        assert ben.model_info(repo).id == repo
        with pytest.raises(HfHubHTTPError, match="403"):
            ben.create_tag(repo, tag="v1")
        with pytest.raises(RepositoryNotFoundError):
            eve.model_info(repo)
    finally:
        process.send_signal(signal.SIGINT)
        _, words = process.communicate(timeout=30)

    assert "other machines reach it" in words
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "needs --token-file"),
        (["--token-file", "missing"], "missing"),
        (["--token-file", "bad"], "bad:1: expected"),
        (["--host", "no.such.host.invalid", "--token-file", "good"], "hub serve: "),
    ],
)
def test_what_cannot_be_served_is_one_line(tmp_path: Path, arguments: list[str], words: str):
    (tmp_path / "bad").write_text("ann hf_ann\n")
    (tmp_path / "good").write_text("ann write hf_ann\n")
    command = [sys.executable, "-m", "hubkit", "hub", "serve", "--store", str(tmp_path / "store"), *arguments]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)

    assert ran.returncode == 2
    assert ran.stderr.startswith("error[HK200]: ")
    assert words in ran.stderr
