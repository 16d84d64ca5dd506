"""The files of a Space: metadata the Hub accepts, pinned versions, and strangers' texts that stay texts."""

import ast
import json
import re
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from huggingface_hub import SpaceCard
from packaging.requirements import Requirement

from hubkit import hub
from hubkit.errors import ConflictError
from hubkit.space import Demo, files, read, write
from hubkit.space.demo import Example, Pinned
from hubkit.space.files import GRADIO, SHORT_DESCRIPTION, call

from ..card.test_hostile_texts import FORMULA, HOSTILE, tokens

ROOT = Path(__file__).parents[3]


def demo_of(subject: str = "Yoda", template: str = "{subject}", license: str = "mit", **more: object) -> Demo:  # noqa: A002
    sampling: dict[str, str | int | float] = {
        "steps": 2, "guidance_scale": 1.0, "scheduler": "DDIMScheduler", "resolution": 32,
    }  # fmt: skip
    said = {
        "model": Pinned(repo="alice/sd-tiny", revision="a" * 40),
        "base": Pinned(repo="alice/base", revision="b" * 40),
        "private": False, "license": license, "dataset": "alice/ninjas", "templates": (template,), "best": template,
        "examples": (Example(subject=subject, template=template, seed=1),), "sampling": sampling,
        "versions": {"torch": "2.14.1+cu130", "diffusers": "0.42.1"},
    }  # fmt: skip
    return Demo.model_validate(said | more)


def readme(demo: Demo) -> tuple[dict[str, object], str]:
    """Metadata and text."""
    _, metadata, text = files(demo)["README.md"].decode().split("---\n", 2)
    return yaml.safe_load(metadata), text


def test_the_metadata_link_the_model_and_pin_the_sdk():
    """By `models` the Hub shows the Space on the model's page; a version of Python that YAML takes for a number
    would be another one.
    """
    said, _ = readme(demo_of())

    assert ["alice/sd-tiny", "alice/base"] == said["models"]
    assert ["alice/ninjas"] == said["datasets"]
    assert ("gradio", GRADIO, "3.12", "app.py") == tuple(
        said[key] for key in ("sdk", "sdk_version", "python_version", "app_file")
    )
    assert len(SHORT_DESCRIPTION) <= 60
    assert {said["colorFrom"], said["colorTo"]} <= {
        "red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray",
    }  # fmt: skip


def test_pictures_of_ones_own_are_no_dataset():
    """The key is left out."""
    assert "datasets" not in readme(demo_of(dataset=None))[0]


def test_the_tested_gradio_is_the_one_a_space_gets():
    """The version stated is the one these tests run with, which constraints.txt names."""
    assert version("gradio") == GRADIO
    assert f"gradio=={GRADIO}\n" in (ROOT / "constraints.txt").read_text()


def test_every_requirement_has_one_version():
    """The libraries' are the release's, without what a build added; what the lock does not say is what is here."""
    lines = files(demo_of())["requirements.txt"].decode().splitlines()
    pinned = {Requirement(line).name: str(Requirement(line).specifier) for line in lines}

    assert {
        "gradio", "spaces", "accelerate", "diffusers", "safetensors", "torch", "transformers",
    } == pinned.keys()  # fmt: skip
    assert ("==2.14.1", "==0.42.1") == (pinned["torch"], pinned["diffusers"])
    assert all(re.fullmatch(r"==\d[\w.]*", specifier) for specifier in pinned.values())


@pytest.mark.parametrize("stated", ["1 --index-url https://evil.example", "1\nevil", "", "latest", "1; os_name"])
def test_a_version_is_a_version(stated: str):
    """What a lock says goes into no requirements file unless it is one."""
    written = files(demo_of(versions={"torch": stated}))["requirements.txt"].decode()

    assert f"torch=={version('torch').partition('+')[0]}\n" in written
    assert written.count("\n") == 7


@pytest.mark.parametrize("text", HOSTILE, ids=[str(number) for number in range(len(HOSTILE))])
def test_hostile_texts_stay_texts(text: str):
    """The program is the shipped one; in the settings, the metadata and the words around it a text is a text."""
    demo = demo_of(subject=text, template=f"{{subject}} {text}", license=text)
    made = files(demo)
    said, body = readme(demo)
    found = list(tokens(body))

    assert (ROOT / "hubkit" / "space" / "app.py").read_bytes() == made["app.py"]
    assert demo == Demo.model_validate(json.loads(made["demo.json"]))
    assert files(demo_of())["requirements.txt"] == made["requirements.txt"]
    assert readme(demo_of())[0] == said
    assert ["sh", "sh", "python"] == [token.info for token in found if token.type == "fence"]
    assert not [token for token in found if token.type.startswith(("html", "link", "image"))]
    assert 4 == len([token for token in found if token.type == "heading_open"])
    snippet = next(token.content for token in found if token.info == "python")
    assert [type(node) for node in ast.walk(ast.parse(call(demo_of(), "a/b")))] == [
        type(node) for node in ast.walk(ast.parse(snippet))
    ]
    assert text in [node.value for node in ast.walk(ast.parse(snippet)) if isinstance(node, ast.Constant)]
    assert not FORMULA.search(body)


def test_a_folder_is_written_again_and_nothing_else_is_lost(tmp_path):
    """A Space of ours is made anew; another's folder is left alone."""
    write(demo_of(), tmp_path / "space")
    (tmp_path / "space" / "notes.txt").write_text("mine")
    write(demo_of(subject="a cat"), tmp_path / "space")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "app.py").write_text("theirs")

    assert "a cat" in (tmp_path / "space" / "demo.json").read_text()
    assert "mine" == (tmp_path / "space" / "notes.txt").read_text()
    with pytest.raises(ConflictError, match="something else"):
        write(demo_of(), tmp_path / "other")
    assert ["app.py"] == [file.name for file in (tmp_path / "other").iterdir()]


def test_the_hub_accepts_the_readme(as_alice):
    """As it is asked before a push; the client reads the metadata."""
    card = files(demo_of())["README.md"].decode()
    hub.validate_card(card, "space")

    assert "sd-tiny: base | finetuned" == SpaceCard(card).data.title


def test_a_model_that_is_not_for_all_audiences_has_such_a_space(publish):
    """Whoever tagged it, in the recipe or on the Hub."""
    publish(tags=["anime", "not-for-all-audiences"])

    assert "not-for-all-audiences" in readme(read("alice/sd-tiny"))[0]["tags"]
    assert "not-for-all-audiences" not in readme(demo_of())[0]["tags"]


def test_the_command_that_makes_it_anew_makes_this_one(publish):
    """Its name stands in it where it is not the model's; as files it has none yet."""
    demo = demo_of()
    commands = [files(demo, *name)["README.md"].decode().partition("```sh\n")[2].partition("\n")[0]
                for name in ([], ["alice/sd-tiny"], ["acme/demo"])]  # fmt: skip

    plain = "hubkit space alice/sd-tiny --push"
    assert [plain, plain, f"{plain} --repo acme/demo"] == commands


def test_a_private_model_asks_for_a_token(publish):
    """The Space cannot read it otherwise, and is told of in words only."""
    publish(private=True)
    demo = read("alice/sd-tiny")

    assert demo.private
    assert "as its secret `HF_TOKEN`" in readme(demo)[1]
    assert "HF_TOKEN" not in readme(demo_of())[1]
