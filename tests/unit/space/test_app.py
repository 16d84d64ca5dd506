"""The program of a Space, as it runs there: what it refuses, what it warns of, and that a text is only ever a text."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import gradio as gr
import pytest
from tqdm import tqdm

from hubkit.space import write
from hubkit.space.demo import Pinned

from .test_files import demo_of

HOSTILE_SUBJECT = "</script><script>alert(1)</script> [x](javascript:alert(1)) {{ 7 * 7 }}"
HOSTILE_TEMPLATE = "{subject} <img src=x onerror=alert(1)> **b** [x](https://evil.example) {0.__class__} {{ 7 * 7 }}"


def program(folder: Path, base: Path, model: Path, template: str = "{subject}") -> ModuleType:
    """The app beside its settings, for two models in folders."""
    pinned = [Pinned(repo=str(place), revision="main") for place in (base, model)]
    write(demo_of(template=template, base=pinned[0], model=pinned[1]), folder)
    spec = spec_from_file_location("app", folder / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    tqdm._progress = None  # gradio makes every bar close as one of its own: those begun before it came, too
    return module


@pytest.fixture(scope="module")
def app(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The app of two tiny models, with a hostile template."""
    return program(tmp_path_factory.mktemp("space"), tiny_model, tiny_model, HOSTILE_TEMPLATE)


@pytest.mark.parametrize("prompt", ["", " \n\t", "x" * 1001], ids=["empty", "blank", "too long"])
def test_what_cannot_be_drawn_is_told(app: ModuleType, prompt: str):
    """Before anything is drawn, on the page and to programs."""
    with pytest.raises(gr.Error, match="Write what to draw, in at most 1000 characters"):
        app.draw(prompt, "{subject}", 0, 2, 1.0)


@pytest.mark.parametrize("numbers", [(None, 2, 1.0), (0, None, 1.0), (0, 2, None)], ids=["seed", "steps", "guidance"])
def test_a_number_that_somebody_emptied_is_told(app: ModuleType, numbers: tuple[int | None, int | None, float | None]):
    """Gradio gives None for it."""
    with pytest.raises(gr.Error, match="each need a number"):
        app.draw("a cat", "{subject}", *numbers)


def test_a_picture_that_was_blacked_out_is_told(
    tiny_model: Path, add_safety_checker: Callable[..., None], tmp_path: Path
):
    """Where one of the two models has a safety checker that objects; where none does there is no warning."""
    checked = tmp_path / "checked"
    shutil.copytree(tiny_model, checked)
    add_safety_checker(checked, objects=True)
    app = program(tmp_path / "space", tiny_model, checked)

    with pytest.warns(UserWarning, match="A safety checker blacked a picture out"):
        (base, finetuned), whole = app.draw("a cat", "{subject}", 0, 2, 1.0)
    assert [True, False] == [picture.getbbox() is not None for picture in (base, finetuned)]
    assert "a cat" == whole


def test_a_hostile_template_is_only_text(app: ModuleType):
    """What is drawn is the template with the prompt in it, character by character; nothing in either is evaluated."""
    prompt = "{0.__class__} {subject} ${7*7} <b>"
    (base, finetuned), whole = app.draw(prompt, HOSTILE_TEMPLATE, 3, 2, 1.0)

    assert HOSTILE_TEMPLATE.replace("{subject}", prompt) == whole
    assert (32, 32) == base.size == finetuned.size


def test_on_the_page_a_text_is_the_value_of_a_field(tmp_path: Path):
    """Never of a part that reads Markdown or HTML. The page is made by a Python of its own."""
    several = (HOSTILE_TEMPLATE, "{subject}")
    write(demo_of(subject=HOSTILE_SUBJECT, template=HOSTILE_TEMPLATE, templates=several), tmp_path)
    ask = "import json, app; print(json.dumps(app.page().get_config_file(), default=str))"
    done = subprocess.run([sys.executable, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True)
    parts = json.loads(done.stdout.splitlines()[-1])["components"]
    holding = {
        text: {part["type"] for part in parts if text in json.dumps(part["props"], ensure_ascii=False)}
        for text in (HOSTILE_TEMPLATE, HOSTILE_SUBJECT)
    }

    assert {HOSTILE_TEMPLATE: {"dropdown"}, HOSTILE_SUBJECT: {"textbox", "dataset"}} == holding
