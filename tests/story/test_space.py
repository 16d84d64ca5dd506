"""A published model gets its demo: the page is opened in a real browser and drawn with, then it becomes a Space."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import HfApi, SpaceCard, hf_hub_download, snapshot_download
from PIL import Image

from ..browser import Page, browser
from .conftest import QUICKSTART

HOSTILE = "<img src=x onerror='window.broken=1'></script><script>window.broken=2</script> **bold** [link](https://x.y)"
SUBJECTS = ("a woman with red hair and a green shirt", HOSTILE)
TEMPLATES = ("{subject}", "{subject}, smiling")
SMALL = (
    'name="shown"', "training.steps=8", "training.checkpoint_every=8", "training.batch_size=8",
    "training.learning_rate=1e-3", "data.variants=1", "samples.holdout=0", "samples.steps=3",
    f"samples.subjects={json.dumps(SUBJECTS)}", f"samples.templates={json.dumps(TEMPLATES)}",
)  # fmt: skip
PICTURES = "[...document.querySelectorAll('img')].filter(one => one.src.includes('/file=') && one.naturalWidth)"


@pytest.fixture(scope="module")
def model(hubkit, tmp_path_factory) -> str:
    """A model of eight steps, published to the local Hub; nothing is measured."""
    desk = tmp_path_factory.mktemp("model")
    recipe = desk / "recipe.toml"
    text = QUICKSTART.read_text().split("[[metrics]]")[0]
    kept = [line for line in text.splitlines() if not line.startswith(("#", "ema"))]
    recipe.write_text("\n".join([*kept, "[publish]", 'kind = "hub"', 'verify = "hashes"']))
    done = hubkit("train", recipe, "--push", "--runs", desk / "runs", overrides=SMALL)
    assert done.returncode == 0, done.stderr
    return "local/shown"


@pytest.fixture(scope="module")
def folder(hubkit, model, tmp_path_factory) -> Path:
    """Its demo as files."""
    place = tmp_path_factory.mktemp("demo") / "space"
    done = hubkit("space", model, "--hub", "local", "--out", place)
    assert done.returncode == 0, done.stderr
    assert re.search(rf"HF_ENDPOINT=http://127\.0\.0\.1:\d+ HF_HOME=\S+ python {re.escape(str(place))}", done.stdout)
    return place


@pytest.fixture(scope="module")
def app(folder, server, environment, home) -> Iterator[str]:
    """The demo as it runs on a machine of one's own; its address."""
    at = {"HF_ENDPOINT": server.url, "HF_HOME": str(home / "local-home"), "GRADIO_ANALYTICS_ENABLED": "False"}
    said = folder.parent / "said"
    with (
        said.open("w") as log,
        subprocess.Popen(
            [sys.executable, "-u", folder / "app.py"], env=environment | at, stdout=log, stderr=log, cwd=folder
        ) as process,
    ):
        try:
            yield address(said, process)
        finally:
            process.terminate()
    assert "Traceback" not in said.read_text()


def address(said: Path, process: subprocess.Popen) -> str:
    """What the app says of itself once it answers."""
    until = time.monotonic() + 120
    while not (found := re.search(r"http://127\.0\.0\.1:\d+", said.read_text())):
        assert process.poll() is None, said.read_text()
        assert time.monotonic() < until, said.read_text()
        time.sleep(0.1)
    return found[0]


@pytest.fixture(scope="module")
def page(app, tmp_path_factory) -> Iterator[Page]:
    """The demo in a browser, drawn once by a click."""
    if not shutil.which("chromium"):
        pytest.skip("chromium is not installed")
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        opened.open(app, width=1280)
        opened.wait("[...document.querySelectorAll('button')].some(one => one.textContent.trim() === 'Draw')")
        opened.click("Draw")
        opened.wait(f"{PICTURES}.length >= 2", seconds=120)
        yield opened


def fetched(page: Page) -> list[np.ndarray]:
    """The pictures in the slider, as the browser got them."""
    script = "Promise.all(%s.map(async one => [...new Uint8Array(await (await fetch(one.src)).arrayBuffer())]))"
    return [np.asarray(Image.open(io.BytesIO(bytes(content)))) for content in page.ask(script % PICTURES)]


def test_a_click_draws_two_different_pictures_of_the_right_size(page):
    """The base's and the finetuned model's, in the slider."""
    base, finetuned = fetched(page)

    assert (64, 64, 3) == base.shape == finetuned.shape
    assert base.std() > 5
    assert finetuned.std() > 5
    assert np.abs(base.astype(int) - finetuned).mean() > 1


def test_the_page_asks_nobody_else_and_breaks_nowhere(page, app):
    """No font, script or count from elsewhere; no error in its scripts."""
    elsewhere = [url for url in page.requests if not url.startswith((app, "data:", "blob:"))]

    assert [] == elsewhere
    assert [] == page.errors


def test_an_example_brings_its_seed(page):
    """So what it draws is the card's picture."""
    seed = "document.querySelector('input[type=number]').value"
    page.click("New seed")
    page.wait(f"{seed} !== '0'")
    page.click(SUBJECTS[0])

    page.wait(f"{seed} === '0'")


def test_a_hostile_prompt_is_only_text(page):
    """It stands among the examples as it is, and is nothing else."""
    shown = page.ask("document.body.innerText")

    assert "<img src=x onerror=" in shown
    assert page.ask("window.broken") is None
    assert 0 == page.ask('document.querySelectorAll(\'img[src="x"], a[href*="x.y"]\').length')


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_a_screen(page, width, tmp_path):
    """Nothing runs out at the side, on a desk or in a hand. KEEP_PHOTOGRAPHS names a folder that keeps them."""
    page.photograph(tmp_path / "page.png", width=width)
    if kept := os.environ.get("KEEP_PHOTOGRAPHS"):
        shutil.copyfile(tmp_path / "page.png", Path(kept, f"space-{width}.png"))

    with Image.open(tmp_path / "page.png") as picture:
        assert width == picture.width
    assert page.ask("document.documentElement.scrollWidth") <= width


def test_a_program_draws_the_cards_own_picture(app, model, server, tmp_path):
    """Through the API, in a template that is named: the proof of the release again, and what the base draws from the
    same noise.
    """
    import torch
    from diffusers import DDIMScheduler, StableDiffusionPipeline
    from gradio_client import Client

    proof = hf_hub_download(model, "images/usage.png", endpoint=server.url, cache_dir=tmp_path)
    client = Client(app, verbose=False, analytics_enabled=False, download_files=str(tmp_path))
    (base, finetuned), prompt = client.predict(
        prompt=SUBJECTS[0], template=TEMPLATES[1], seed=0, steps=3, guidance_scale=3.0, api_name="/draw"
    )
    client.close()

    assert f"{SUBJECTS[0]}, smiling" == prompt
    weights = snapshot_download("hubkit/mini-sd", endpoint=server.url, cache_dir=tmp_path)
    pipeline = StableDiffusionPipeline.from_pretrained(weights, dtype=torch.float32)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    noise = torch.Generator("cpu").manual_seed(0)
    drawn = pipeline(prompt, num_inference_steps=3, guidance_scale=3.0, height=64, width=64, generator=noise).images[0]
    for expected, got in ((Image.open(proof), finetuned), (drawn, base)):
        one, other = (np.asarray(picture.convert("RGB"), dtype=int) for picture in (expected, Image.open(got)))
        assert np.abs(one - other).max() <= 1


def test_it_becomes_a_space_of_one_commit(hubkit, model, folder, server):
    """The client reads its metadata; the same again changes nothing."""
    first = hubkit("space", model, "--push", "--hub", "local")
    again = hubkit("space", model, "--push", "--hub", "local")
    api = HfApi(endpoint=server.url)
    info = api.space_info("local/shown")
    text = Path(hf_hub_download("local/shown", "README.md", repo_type="space", endpoint=server.url)).read_text()
    card = SpaceCard(text).data

    assert (0, 0) == (first.returncode, again.returncode), first.stderr + again.stderr
    assert first.stdout.startswith(f"published: {server.url}/spaces/local/shown\n")
    assert "nothing changed" in again.stdout
    assert ("gradio", ["local/shown", "hubkit/mini-sd"]) == (info.sdk, info.card_data.models)
    assert ("gradio", "app.py", "3.12") == (card.sdk, card.app_file, card.python_version)
    assert ["hubkit/mini-ninja-captions"] == card.datasets
    assert api.model_info(model).sha in Path(folder / "demo.json").read_text()


def test_what_is_no_release_has_no_demo(hubkit, server):
    """Exit 4 and a line that says why; nothing is written."""
    refused = hubkit("space", "hubkit/mini-sd", "--hub", "local")

    assert refused.returncode == 4
    assert refused.stderr.splitlines()[-2].startswith("error[HK420]: hubkit/mini-sd has no hubkit.lock.json")
