"""Fetch a base: only the files a Stable Diffusion pipeline needs, safetensors only on disk, checked before anything
is built from them.
"""

import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hubkit import hub
from hubkit.errors import BaseModelError
from hubkit.progress import say

if TYPE_CHECKING:
    from hubkit.families.stable_diffusion import StableDiffusion

WEIGHTS: Final = {
    "unet": "diffusion_pytorch_model.safetensors",
    "vae": "diffusion_pytorch_model.safetensors",
    "text_encoder": "model.safetensors",
    "safety_checker": "model.safetensors",
}
"""The components that hold weights, and the file each is kept in."""

CLASSES: Final[Mapping[str, set[str | None]]] = {
    "unet": {"UNet2DConditionModel"},
    "vae": {"AutoencoderKL"},
    "text_encoder": {"CLIPTextModel"},
    "tokenizer": {"CLIPTokenizer", "CLIPTokenizerFast"},
    "safety_checker": {"StableDiffusionSafetyChecker", None},
    "feature_extractor": {"CLIPImageProcessor", "CLIPFeatureExtractor", None},
    "image_encoder": {None},
}
SMALL: Final = (".json", ".txt")
SILENT: Final = {"clip_sample": False, "steps_offset": 1}
"""What Stable Diffusion means where an old scheduler config does not say it: latents are not clipped to [-1, 1] (a
sampler's own default would clip them), and steps are counted from 1.
"""
FETCHED: Final = "fetched.json"


def fetch(settings: "StableDiffusion") -> Path:
    """The base as a local folder in diffusers' layout with safetensors. Raises BaseModelError for a base that is
    unsafe or of another kind.
    """
    facts = hub.resolve_model(settings.base, settings.revision)
    if "model_index.json" not in facts.files:
        raise BaseModelError(
            f"{settings.base} has no model_index.json: it is no diffusers pipeline",
            help="model.base names a repo in diffusers' layout",
        )
    safe, pickled = weight_files(settings.base, facts.files)
    if pickled and not settings.allow_pickle:
        raise BaseModelError(
            f"{settings.base} has pickled weights only ({pickled[0]}); unpickling can run a stranger's code",
            help="if you trust it, set model.allow_pickle = true: it is read with torch's weights-only unpickler",
        )
    small = [name for name in facts.files if is_small(name)]
    snapshot = hub.snapshot(settings.base, facts.sha, kind="model", allow=[*small, *safe, *pickled])
    check_index(settings.base, snapshot)
    return unpickled(settings.base, facts.sha, snapshot, pickled) if pickled else snapshot


def is_small(name: str) -> bool:
    """Whether a file of a repo is the index, or a component's config or vocabulary."""
    return name == "model_index.json" or (name.endswith(SMALL) and name.count("/") == 1)


def scheduler_gaps(folder: Path) -> dict[str, Any]:
    """What the base's scheduler config does not say, and what it means by that."""
    said = json.loads((folder / "scheduler" / "scheduler_config.json").read_bytes())
    return {key: value for key, value in SILENT.items() if key not in said}


def weight_files(repo: str, files: Collection[str]) -> tuple[list[str], list[str]]:
    """For each component the file its weights are taken from: safetensors where there is one, the pickle where there
    is not.
    """
    safe, pickled = [], []
    components = {name.split("/")[0] for name in files if "/" in name}
    for component, file in WEIGHTS.items():
        stem = "pytorch_model" if file == "model.safetensors" else Path(file).stem
        pickle = f"{component}/{stem}.bin"
        if f"{component}/{file}" in files:
            safe.append(f"{component}/{file}")
        elif pickle in files:
            pickled.append(pickle)
        elif component in components or component != "safety_checker":
            raise BaseModelError(
                f"{repo} has no {component}/{file}",
                help="the base must hold its main weights, not only a variant of them",
            )
    return safe, pickled


def check_index(repo: str, folder: Path) -> None:
    """Refuse a pipeline of another kind, and one that asks for a stranger's code."""
    for fault in index_faults(json.loads((folder / "model_index.json").read_bytes())):
        raise BaseModelError(
            f"{repo}: {fault}", help="model.kind = 'stable-diffusion' takes Stable Diffusion 1.x and 2.x"
        )
    for config in folder.glob("*/config.json"):
        if "auto_map" in json.loads(config.read_bytes()):
            raise BaseModelError(f"{repo}: {config.parent.name}/config.json asks for code of its own (auto_map)")


def index_faults(index: dict[str, Any]) -> Iterator[str]:
    """What in a `model_index.json` is not a Stable Diffusion pipeline's."""
    if index.get("_class_name") != "StableDiffusionPipeline":
        yield f"it is a {str(index.get('_class_name'))[:80]}, not a StableDiffusionPipeline"
    for component, allowed in CLASSES.items():
        name = (index.get(component) or [None, None])[1]
        if name not in allowed:
            yield f"its {component} is a {str(name)[:80]}"
    scheduler = str((index.get("scheduler") or [None, None])[1])
    if not scheduler.endswith(("Scheduler", "SchedulerFlax")) or not scheduler.isidentifier():
        yield f"its scheduler is a {scheduler[:80]}"


def unpickled(repo: str, sha: str, snapshot: Path, pickled: Sequence[str]) -> Path:
    """The same folder with each pickle rewritten as safetensors, made once and kept beside the client's cache."""
    target = hub.cache_folder() / "bases" / f"{repo.replace('/', '--')}--{sha}"
    if (target / FETCHED).is_file():
        return target
    say(f"{repo} is rewritten as safetensors")
    making = target.with_name(f"{target.name}.{os.getpid()}.making")
    shutil.rmtree(making, ignore_errors=True)
    shutil.copytree(snapshot, making, ignore=shutil.ignore_patterns("*.bin"))
    for name in pickled:
        component = name.split("/")[0]
        rewrite(snapshot / name, making / component / WEIGHTS[component])
    (making / FETCHED).write_text(json.dumps({"repo": repo, "revision": sha, "unpickled": list(pickled)}))
    shutil.rmtree(target, ignore_errors=True)
    making.rename(target)
    return target


def rewrite(pickle: Path, safe: Path) -> None:
    """One pickled state dict as safetensors. The weights-only unpickler builds tensors and containers, nothing else."""
    import pickle as pickles

    import torch
    from safetensors.torch import save_file

    try:
        weights = torch.load(pickle, map_location="cpu", weights_only=True)
    except (pickles.UnpicklingError, RuntimeError, EOFError) as error:
        raise BaseModelError(
            f"{pickle.parent.name}/{pickle.name} holds more than tensors, or is damaged: {str(error)[:120]}"
        ) from error
    save_file({name: tensor.clone().contiguous() for name, tensor in weights.items()}, safe, metadata={"format": "pt"})
