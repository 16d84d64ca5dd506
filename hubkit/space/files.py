"""The files of a Space: the program as it is shipped, and beside it what differs from model to model, as data."""

import json
import re
from collections.abc import Iterator
from importlib import metadata as distributions
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any, Final

from hubkit.card.metadata import NOT_FOR_ALL
from hubkit.errors import ConflictError
from hubkit.escaping import Markdown, block, code, front_matter, inline
from hubkit.publishing.usage import literal
from hubkit.space.demo import Demo
from hubkit.values import write_atomically

SETTINGS: Final = "demo.json"
"""By this file hubkit knows a Space of its own making."""

GRADIO: Final = "6.31.0"
SPACES: Final = "0.51.3"
PYTHON: Final = "3.12"
LIBRARIES: Final = ("accelerate", "diffusers", "safetensors", "torch", "transformers")
"""Installed in the versions the release was made and verified with."""

VERSION: Final = re.compile(r"\d+(\.\d+)*(\.?(a|b|rc|dev|post)\d+)*")
SHORT_DESCRIPTION: Final = "One prompt, drawn by the base and by the finetuned model"
"""The Hub takes 60 characters at most."""

TAGS: Final = ("text-to-image", "stable-diffusion", "hubkit")

UNSET: Final = "your-name/your-space"
"""Stands for the Space's own name until it is known."""


def files(demo: Demo, space: str = UNSET) -> dict[str, bytes]:
    """Every file of the Space; `space` is its name on the Hub."""
    shipped = resources.files("hubkit.space")
    settings = json.dumps(demo.model_dump(mode="json"), indent=1, ensure_ascii=False)
    return {
        "app.py": (shipped / "app.py").read_bytes(),
        SETTINGS: f"{settings}\n".encode(),
        "requirements.txt": "".join(f"{line}\n" for line in requirements(demo)).encode(),
        "README.md": f"{front_matter(metadata(demo))}\n{words(demo, space)}".encode(),
    }


def write(demo: Demo, folder: Path) -> None:
    """Write the Space into a folder. Raises ConflictError where something else is in it."""
    if folder.exists() and not (folder / SETTINGS).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConflictError(
            f"{folder} holds something else than a Space", help="choose another folder with --out", code="HK920"
        )
    for name, content in files(demo).items():
        write_atomically(folder / name, content)


def metadata(demo: Demo) -> dict[str, Any]:
    """The front matter of the Space's README, by which the Hub builds and files it."""
    said = {
        "title": f"{demo.model.repo.partition('/')[2]}: base | finetuned",
        "emoji": "🎨",
        "colorFrom": "gray",
        "colorTo": "indigo",
        "sdk": "gradio",
        "sdk_version": GRADIO,
        "python_version": PYTHON,
        "app_file": "app.py",
        "short_description": SHORT_DESCRIPTION,
        "suggested_hardware": "zero-a10g",
        "license": "apache-2.0",
        "models": [demo.model.repo, demo.base.repo],
        "datasets": [demo.dataset] if demo.dataset else None,
        "tags": [*TAGS, *([NOT_FOR_ALL] if demo.not_for_all_audiences else [])],
    }
    return {key: value for key, value in said.items() if value}


def requirements(demo: Demo) -> Iterator[str]:
    """What the Space installs, each in one version."""
    yield f"gradio=={GRADIO}"
    yield f"spaces=={SPACES}"
    for name in LIBRARIES:
        yield f"{name}=={released(demo.versions.get(name)) or released(distributions.version(name))}"


def released(version: str | None) -> str | None:
    """A version as an index has it, without what a build adds (`+cu130`); none where it is no version."""
    public = (version or "").partition("+")[0]
    return public if VERSION.fullmatch(public) else None


def words(demo: Demo, space: str) -> str:
    """The README below its front matter: the shipped words, with every fact made harmless for its place."""
    template = (resources.files("hubkit.space") / "README.md").read_text(encoding="utf-8")
    release = f"{code(demo.tag)}, commit {code(demo.model.revision)}" if demo.tag else code(demo.model.revision)
    return Template(template).substitute(
        model=code(demo.model.repo),
        base=code(demo.base.repo),
        base_revision=code(demo.base.revision),
        release=release,
        license=inline(demo.license or "no stated licence"),
        again=block(again(demo, space), "sh"),
        call=block(call(demo, space), "python"),
        access=_access(demo),
    )


def again(demo: Demo, space: str) -> str:
    """The command that makes this Space anew, and no other: it is named where it has another name than the model."""
    there = "" if space in {UNSET, demo.model.repo} else f" --repo {space}"
    return f"hubkit space {demo.model.repo} --push{there}"


def call(demo: Demo, space: str) -> str:
    """Python that asks the Space for the card's first picture. Texts become literals, whatever they hold."""
    first = demo.examples[0]
    given = {"prompt": literal(first.subject), "template": literal(first.template), "seed": first.seed}
    arguments = "".join(f"    {name}={value},\n" for name, value in given.items())
    return (
        "from gradio_client import Client\n\n"
        f"client = Client({space!r})\n"
        f'(base, finetuned), prompt = client.predict(\n{arguments}    api_name="/draw",\n)'
    )


def _access(demo: Demo) -> Markdown:
    """What whoever runs the Space must add where the model is private."""
    if not demo.private:
        return Markdown("")
    return Markdown("\nThe model is private: give the Space a token that may read it, as its secret `HF_TOKEN`.\n")
