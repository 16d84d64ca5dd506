"""The code that draws a picture with a model: it stands in the card, and draws the proof before and after upload."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hubkit import devices
from hubkit.errors import IntegrityError
from hubkit.escaping import without_formulas
from hubkit.sampling import SCHEDULERS

SNIPPET: Final = """\
import torch
from diffusers import {scheduler}, StableDiffusionPipeline

pipe = StableDiffusionPipeline.from_pretrained({model}, {at}use_safetensors=True)
pipe.scheduler = {scheduler}.from_config(pipe.scheduler.config)
pipe = pipe.to("cuda" if torch.cuda.is_available() else "cpu")
image = pipe(
    {prompt},
    num_inference_steps={steps},
    guidance_scale={guidance_scale},
    height={resolution},
    width={resolution},
    generator=torch.Generator("cpu").manual_seed({seed}),
).images[0]
image.save("image.png")
"""

HALVES: Final = 'variant="fp16", torch_dtype=torch.float16, '
"""What loads the copies in half precision."""

PRIVATE: Final = (
    "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_OIDC_RESOURCE", "HF_OIDC_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_RUNTIME_TOKEN", "GITHUB_TOKEN", "GH_TOKEN",
)  # fmt: skip
"""Variables that code of a card has no business with."""


class BlankError(IntegrityError):
    """A picture of one colour: it shows nothing, and another model's blank is the same. A safety checker draws one in
    place of what it objects to.
    """

    code = "HK1007"


def usage(
    model: str, prompt: str, seed: int, sampling: Mapping[str, str | int | float], revision: str | None = None, *,
    half: bool = False,
) -> str:  # fmt: skip
    """Python that draws `prompt` with `model`, a repo, at `revision`, or a folder. Texts become literals, whatever they
    hold. `half` loads the copies in half precision.

    `sampling` is what `Samples.facts` says: steps, guidance_scale, scheduler (a class of diffusers), resolution.
    """
    if sampling["scheduler"] not in SCHEDULERS.values():
        raise ValueError(f"{sampling['scheduler']!r} is no sampler of hubkit")
    return SNIPPET.format(
        model=literal(model),
        at=(f"revision={literal(revision)}, " if revision else "") + (HALVES if half else ""),
        prompt=literal(prompt),
        seed=int(seed),
        scheduler=sampling["scheduler"],
        steps=int(sampling["steps"]),
        guidance_scale=float(sampling["guidance_scale"]),
        resolution=int(sampling["resolution"]),
    )


def literal(text: str) -> str:
    """A text as Python writes it, between double quotes where it holds none."""
    single = without_formulas(repr(text), r"\x{:02x}")
    return single if '"' in single else f'"{single[1:-1]}"'


def draw(code: str, picture: Path) -> None:
    """Run the code as a reader would, in a Python of its own and without a network, and keep its picture.

    Raises BlankError when the picture is of one colour, IntegrityError when there is none.
    """
    devices.free()  # that Python needs the GPU's memory, which this one may still hold
    environment = {name: value for name, value in os.environ.items() if name not in PRIVATE}
    with TemporaryDirectory(prefix="hubkit-usage-") as desk:
        script = Path(desk, "usage.py")
        script.write_text(code, encoding="utf-8")
        done = subprocess.run(  # noqa: S603 - our own code, with literals in it
            [sys.executable, script],
            cwd=desk,
            env={**environment, "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        drawn = Path(desk, "image.png")
        if done.returncode or not drawn.is_file():
            said = (done.stderr.strip().splitlines() or ["it left no picture"])[-1]
            raise IntegrityError(f"the model does not draw by the card's own code: {said[:300]}", code="HK1002")
        if is_blank(drawn):
            raise BlankError("the model draws a picture of one colour by the card's own code")
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(drawn.read_bytes())


def is_blank(picture: Path) -> bool:
    """Whether a picture is of one colour."""
    from PIL import Image

    with Image.open(picture) as image:
        return image.convert("RGB").getcolors(maxcolors=1) is not None  # more than that are not listed
