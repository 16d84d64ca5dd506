"""A folder as the page that it would be on the Hub."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from hubkit.localhub import previewing
from hubkit.localhub.errors import HubError

CARD = "---\nlicense: mit\nwidget:\n- {text: one, output: {url: samples/café 1.png}}\n---\n# A card\n![x](a.png)\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "release"
    (folder / "samples").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "README.md").write_text(CARD)
    (folder / "samples" / "café 1.png").write_bytes(b"a picture")
    (folder / ".git" / "config").write_text("x")
    (tmp_path / "secret.txt").write_text("never")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    with previewing(folder, repo="alice/cats") as url:
        yield url


def test_a_folder_is_shown_as_its_page(url: str):
    page = httpx.get(url).text

    assert url.endswith("/alice/cats")
    assert '<h1 id="a-card">A card</h1>' in page
    assert "<b>license</b> mit" in page
    assert 'src="/alice/cats/resolve/main/samples/caf%C3%A9%201.png"' in page
    assert httpx.get(url + "/resolve/main/samples/caf%C3%A9%201.png").content == b"a picture"
    assert "would say" not in page
    assert httpx.get(url.removesuffix("/alice/cats"), follow_redirects=True).text == page


def test_what_is_edited_shows_at_the_next_look_with_what_the_hub_would_refuse(url: str, folder: Path):
    (folder / "README.md").write_text("---\nlicense: nonsense\n---\n# Another card\n")
    page = httpx.get(url).text

    assert "Another card" in page
    assert "license&#34; must be one of" in page


def test_a_card_is_utf_8_whatever_the_machine_speaks(tmp_path: Path):
    """As the Hub reads it."""
    (tmp_path / "README.md").write_text("# 忍者\n", encoding="utf-8")
    look = (
        "import sys, httpx2, pathlib; from hubkit.localhub import previewing\n"
        "with previewing(pathlib.Path(sys.argv[1]), repo='alice/cats') as url: print(ascii(httpx2.get(url).text))"
    )
    ascii_only = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-c", look, str(tmp_path)],
        env=os.environ | ascii_only,
        capture_output=True,
        text=True,
        check=True,
    )

    assert ascii("忍者")[1:-1] in done.stdout


def test_nothing_but_the_folder_is_shown(url: str):
    assert "secret" not in httpx.get(url).text
    assert ".git/" not in httpx.get(url).text
    for path in ("link.txt", "../secret.txt", "..%2f..%2fsecret.txt", "samples", "missing"):
        assert httpx.get(f"{url}/resolve/main/{path}").status_code == 404


def test_a_bad_name_is_refused(tmp_path: Path):
    with pytest.raises(HubError), previewing(tmp_path, repo="no-namespace"):
        pass
