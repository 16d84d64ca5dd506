"""How a model's page looks in a real browser: a card that hubkit writes, on a phone and on a desk."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from PIL import Image

from hubkit.localhub import LocalHub

from ..browser import Page, browser

GOLDEN = Path(__file__).parents[1] / "golden" / "sd-tiny.md"
ANCHORS_LEAD_SOMEWHERE = """[...document.querySelectorAll('a[href^="#"]')].map(link =>
  document.getElementById(decodeURIComponent(link.hash.slice(1))) === null && link.hash).filter(Boolean)"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if not shutil.which("chromium"):
        pytest.skip("no chromium: `make system` installs it")
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def model_url(hub: LocalHub, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The golden card's repository, with pictures where the card has them."""
    api = HfApi(endpoint=hub.url, token="hf_alice")
    repo = api.create_repo("alice/sd-tiny").repo_id
    release = tmp_path_factory.mktemp("release")
    card = GOLDEN.read_text()
    (release / "README.md").write_text(card)
    (release / "images").mkdir()
    (release / "unet").mkdir()
    (release / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"\0" * 12_000)
    for name in set(re.findall(r"images/[\w.-]+", card)):
        Image.effect_noise((1200, 400) if "sample" not in name else (64, 64), 90).convert("RGB").save(release / name)
    api.upload_folder(repo_id=repo, folder_path=release, commit_message="sd-tiny: 20 steps")
    api.create_tag(repo, tag="v1.0")
    return f"{hub.url}/{repo}"


@pytest.mark.parametrize("width", [390, 1280])
def test_a_models_page_reads_well(page: Page, model_url: str, hub: LocalHub, tmp_path: Path, width: int):
    """Card, gallery, scores, files, tags and commits are there, all pictures are seen, and nothing sticks out."""
    page.read(model_url, width=width)
    page.photograph(tmp_path / "page.png", width=width)
    shown = {place: page.ask(f"document.querySelector('#{place}').innerText") for place in page.ask(
        "[...document.querySelectorAll('main [id]')].map(one => one.id).filter(id => id)"
    )}  # fmt: skip

    assert page.too_wide() == []
    assert "Rehearsal at" in shown["card"]
    assert "kid[mini-clip]\t0.01" in shown["results"]
    assert "unet/diffusion_pytorch_model.safetensors\t12 kB" in shown["files"]
    assert "v1.0" in shown["tags"]
    assert "sd-tiny: 20 steps" in shown["commits"]
    captions = page.ask("[...document.querySelectorAll('.gallery figcaption')].map(one => one.innerText)")
    assert captions == ["Yoda ninja portrait", "a cute bunny rabbit"]
    assert page.ask("[...document.images].filter(one => !one.naturalWidth).map(one => one.src)") == []
    assert page.ask("document.images.length") == 2 + 4
    assert page.ask(ANCHORS_LEAD_SOMEWHERE) == []
    assert [url for url in page.requests if not url.startswith((hub.url, "data:"))] == []
    with Image.open(tmp_path / "page.png") as picture:
        assert picture.width == width
        assert len(picture.convert("L").getcolors(256) or []) > 100, "the noise pictures are on it"


@pytest.mark.parametrize(("scheme", "is_light"), [("light", True), ("dark", False)])
def test_a_page_is_as_light_as_the_reader_wants(page: Page, hub: LocalHub, model_url: str, scheme: str, is_light: bool):
    """And what is written on it can be read: at least 4.5 to 1, as WCAG asks of small text."""
    page.tell("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page.read(model_url, width=1280)
    for place, ground in (("h1.id small", "body"), (".chips b", ".chips li"), ("#card p", "#card"), ("pre .s2", "pre")):
        ink, paper = (
            luminance(page.ask(f"getComputedStyle(document.querySelector('{one}')).{key}"))
            for one, key in ((place, "color"), (ground, "backgroundColor"))
        )
        assert (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05) >= 4.5, place
        assert (paper > ink) == is_light


def luminance(colour: str) -> float:
    """Of `rgb(r, g, b)`: https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.fixture(scope="module")
def overlong(hub: LocalHub) -> str:
    """A repository in which every name and word is too long."""
    api = HfApi(endpoint=hub.url, token="hf_alice")
    repo = api.create_repo("alice/" + "verylongname" * 7).repo_id
    word = "w" * 300
    card = f"---\ntags: [{word}]\n---\n# {word}\n`{word}`\n> {word}\n1. {word}\n\n|{word}|b|\n|-|-|\n|a|{word}|\n"
    files = {"README.md": card, "a" * 200 + "/" + "b" * 200: "x", "diff.txt": "old " * 99}
    operations = [CommitOperationAdd(name, content.encode()) for name, content in files.items()]
    api.create_commit(repo, operations, commit_message=word)
    changed = CommitOperationAdd("diff.txt", b"new " * 99)
    api.create_commit(repo, [changed], commit_message=word, commit_description=f"**{word}**", create_pr=True)
    return repo


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["", "{repo}", "{repo}/discussions/1", "nothing/here"])
def test_no_page_is_wider_than_its_window(page: Page, hub: LocalHub, overlong: str, path: str, width: int):
    page.read(f"{hub.url}/{path.format(repo=overlong)}", width=width)

    assert page.too_wide() == []
