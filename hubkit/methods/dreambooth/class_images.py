"""Class images: what the base draws of the class, once, and what keeps the class as it was.

They are kept under hubkit's home by all that decides them, shared between runs, and drawn on a fixed grid: a drawing
that was killed goes on where it was, and several processes share the work. A dataset repo may carry them to other
machines.
"""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hubkit import hub
from hubkit.data import Picture
from hubkit.data.decoding import UnreadableError, decode
from hubkit.errors import ConflictError, DatasetError
from hubkit.progress import say
from hubkit.randomness import seed_for
from hubkit.sampling import Sampler, Shot, draw
from hubkit.values import fingerprint, sha256_of, write_atomically

if TYPE_CHECKING:
    from accelerate import Accelerator
    from PIL.Image import Image

    from hubkit.families import Diffuser
    from hubkit.methods.dreambooth import DreamBooth

FORMAT: Final = 1
FACTS: Final = "class-images.json"
CARD: Final = """---
task_categories:
- text-to-image
tags:
- synthetic
- dreambooth
- class-images
---

# Class images

{count} pictures of 8-bit RGB that a text-to-image model drew, each from its own seed: the class images of DreamBooth's
prior preservation (Ruiz et al., 2023). They show nobody. `{facts}` says at which commit of the model, and
how; `metadata.jsonl` has the prompt and the seed of each.
"""


def class_images(
    method: "DreamBooth", prompts: Sequence[str], model: "Diffuser", base: str, resolution: int,
    processes: "Accelerator",
) -> list[Picture]:  # fmt: skip
    """A class image of each prompt: from the cache, from the method's repo, or drawn now. Raises DatasetError,
    ConflictError, AuthorisationError.
    """
    facts = decided_by(method.class_sampling, prompts, base, resolution)
    shots = shots_of(prompts, method.class_sampling.seed)
    folder = hub.cache_folder() / "class-images" / fingerprint(facts, processes.device.type)[:16] / "class-images"
    repo = method.class_images_repo
    missing = False
    if repo and processes.is_main_process:
        missing = not pulled(repo, facts, folder)
    processes.wait_for_everyone()
    files = draw(
        model.pipeline(), shots, method.class_sampling, resolution, folder,
        turn=(processes.process_index, processes.num_processes),
    )  # fmt: skip
    processes.wait_for_everyone()
    if repo and missing:
        push(repo, facts, shots, files)
    return [Picture(f"class image {sha256_of(file)}", partial(opened, file)) for file in files]


def decided_by(sampler: Sampler, prompts: Sequence[str], base: str, resolution: int) -> dict[str, Any]:
    """All that decides what the pictures show; `base` is a commit."""
    return {
        "format": FORMAT,
        "base_revision": base,
        "prompts": sorted(set(prompts)),
        "order": fingerprint(list(prompts)),
        "count": len(prompts),
        "resolution": resolution,
        **sampler.model_dump(mode="json"),
    }


def shots_of(prompts: Sequence[str], seed: int) -> list[Shot]:
    """Each prompt from a seed of its own. The seeds are hashed, so that no picture of the scores begins from the same
    latents.
    """
    return [Shot(prompt, seed_for(seed, "class image", number)) for number, prompt in enumerate(prompts)]


def opened(file: Path) -> "Image":
    """One class image."""
    return decode(file.read_bytes())


def pulled(repo: str, facts: dict[str, Any], folder: Path) -> bool:
    """Take the pictures of a dataset repo if it holds these very ones. Otherwise see that we may write to it, before
    any time is spent.
    """
    sha = hub.head(repo, "dataset")
    if sha is None or not set(hub.tree(repo, sha, "dataset")) - hub.MANAGED:
        hub.check_may_write(hub.account(), repo, "dataset")
        return False
    if said_of(repo, sha) != facts:
        raise ConflictError(
            f"{repo} holds something else than these class images",
            help=f"name another repo in method.class_images_repo, or none; its {FACTS} would say how they were drawn",
        )
    snapshot = hub.snapshot(repo, sha, kind="dataset", allow=["images/*.png"])
    for number in range(facts["count"]):
        take(snapshot / "images" / f"{number:05d}.png", folder, facts["resolution"], repo)
    say(f"{facts['count']} class images from {repo}")
    return True


def said_of(repo: str, sha: str) -> Any:
    """What decided the class images of a repo; None where it does not say."""
    file = hub.snapshot(repo, sha, kind="dataset", allow=[FACTS]) / FACTS
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None


def take(file: Path, folder: Path, resolution: int, repo: str) -> None:
    """One picture of a repo into the cache, if it is one."""
    try:
        size = opened(file).size
    except (OSError, UnreadableError) as error:
        raise DatasetError(f"{repo}: images/{file.name} cannot be read: {error}") from error
    if size != (resolution, resolution):
        raise DatasetError(f"{repo}: images/{file.name} has {size[0]} x {size[1]} pixels, not {resolution} squared")
    if not (folder / file.name).is_file():
        write_atomically(folder / file.name, file.read_bytes())


def push(repo: str, facts: dict[str, Any], drawn: list[Shot], files: list[Path]) -> None:
    """Put the pictures into a dataset repo, in one commit."""
    rows = [
        {"file_name": f"images/{file.name}", "text": shot.prompt, "seed": shot.seed}
        for file, shot in zip(files, drawn, strict=True)
    ]
    content: dict[str, hub.Content] = {
        **{f"images/{file.name}": file for file in files},
        "metadata.jsonl": "".join(json.dumps(row) + "\n" for row in rows).encode(),
        FACTS: json.dumps(facts, indent=1).encode() + b"\n",
        "README.md": CARD.format(count=len(files), facts=FACTS).encode(),
    }
    hub.put_repo(repo, "dataset", content, f"Add {len(files)} class images", private=True)
    say(f"{len(files)} class images pushed to {repo}, which is private if it is new")
