"""Seeds a Hub with the miniature world: two models and three datasets, one commit each.

seed_hub(hub.api(token))
"""

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Protocol

from hubkit import hub
from hubkit.miniature import drawing
from hubkit.miniature.drawing import Style, dice, portrait

NAMESPACE: Final = "hubkit"
WEIGHTS: Final = Path(__file__).parent / "weights"
PARQUET: Final = "data/train-00000-of-00001.parquet"
FEATURES: Final = {"image": {"_type": "Image"}, "text": {"dtype": "string", "_type": "Value"}}
Files = dict[str, hub.Content]


class Door(Protocol):
    """Whose Hub to seed: `huggingface_hub.HfApi`, of which only the token is looked at."""

    token: str | bool | None


@dataclass(frozen=True, kw_only=True)
class World:
    """One dataset of the small world."""

    name: str
    style: Style
    rows: int
    says: str


WORLDS: Final = (
    World(
        name="mini-portrait-captions",
        style="portraits",
        rows=400,
        says="Plain portraits in the style that `hubkit/mini-sd` was taught on; none of these very pictures was.",
    ),
    World(
        name="mini-ninja-captions",
        style="ninja",
        rows=600,
        says="The same kind of people with a headband, whisker marks and heavy dark outlines. As in the set it stands "
        "for, `lambdalabs/naruto-blip-captions`, the captions never say so: the style is what a finetune learns.",
    ),
    World(
        name="mini-avatar-captions",
        style="avatar",
        rows=64,
        says="The same kind of people with blue skin, pointed ears and yellow eyes, few of them: for DreamBooth. "
        "The captions never say so.",
    ),
)


def seed_hub(door: Door) -> None:
    """Put the small world on the Hub that `HF_ENDPOINT` names; a Hub that holds it already is left as it is."""
    token = door.token if isinstance(door.token, str) else None
    for name in ("mini-sd", "mini-clip"):
        hub.put_repo(f"{NAMESPACE}/{name}", "model", model_files(name), f"Add {name}", token=token)
    for world in WORLDS:
        if not stands(world, token):
            files = dataset_files(world)
            hub.put_repo(f"{NAMESPACE}/{world.name}", "dataset", files, f"Add {world.name}", token=token)


def stands(world: World, token: str | None) -> bool:
    """Whether the Hub holds this dataset as today's code draws it: its card names the drawing, so none is drawn."""
    repo = f"{NAMESPACE}/{world.name}"
    sha = hub.head(repo, "dataset", token=token)
    there = hub.tree(repo, sha, "dataset", token=token) if sha else {}
    return PARQUET in there and "README.md" in there and there["README.md"].holds(dataset_card(world).encode())


def model_files(name: str) -> Files:
    """A model repo's files: the packed weights and a card."""
    folder = WEIGHTS / name
    files: Files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {**files, "README.md": MODEL_CARDS[name].encode()}


def dataset_files(world: World) -> Files:
    """A dataset repo's files: one parquet file and a card."""
    return {PARQUET: parquet(world), "README.md": dataset_card(world).encode()}


def rows(world: World) -> Iterator[tuple[bytes, str]]:
    """JPEG bytes and caption of every row; 80 to 256 pixels wide, seldom square."""
    for index in range(world.rows):
        rng = dice(0, f"{world.name}/size", index)
        width = rng.randrange(80, 257)
        size = width, round(width * rng.choice((1.0, rng.uniform(0.88, 1.15))))
        image, caption = portrait(index, world.style, purpose=world.name, size=size)
        file = io.BytesIO()
        image.save(file, "JPEG", quality=93, subsampling=0)
        yield file.getvalue(), caption


def parquet(world: World) -> bytes:
    """The rows as `datasets` writes them: `image` (bytes and path) and `text`, with the features in the metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    drawn = list(rows(world))
    images = [{"bytes": data, "path": f"{place:05d}.jpg"} for place, (data, _) in enumerate(drawn)]
    image_type = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema(
        [("image", image_type), ("text", pa.string())],
        metadata={"huggingface": json.dumps({"info": {"features": FEATURES}})},
    )
    table = pa.table({"image": images, "text": [text for _, text in drawn]}, schema=schema)
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=100, compression="none")
    return file.getvalue()


@cache
def drawing_id() -> str:
    """Sixteen digits that change whenever the code that draws the datasets does."""
    sources = (Path(drawing.__file__), Path(__file__))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]


def dataset_card(world: World) -> str:
    """The dataset's README.md."""
    return f"""---
license: apache-2.0
pretty_name: {world.name}
task_categories:
- text-to-image
language:
- en
size_categories:
- n<1K
tags:
- synthetic
---

# {world.name}

{world.says}

{world.rows} portraits drawn by code (`hubkit/miniature/drawing.py`, Pillow), each with a caption that says what is
drawn. They show no real person and no artist's work. Columns: `image` (JPEG, 80 to 256 pixels wide) and `text`; one
split, `train`.

It belongs to hubkit's miniature world, in which a whole finetune runs in minutes on two CPU cores. It is good for
trying and testing a training run, and for nothing else.

Drawing `{drawing_id()}`.
"""


MODEL_CARDS: Final = {
    "mini-sd": """---
license: apache-2.0
library_name: diffusers
pipeline_tag: text-to-image
tags:
- stable-diffusion
- stable-diffusion-diffusers
- text-to-image
datasets:
- hubkit/mini-portrait-captions
---

# mini-sd

A Stable Diffusion in small: 64x64 pixels, latents of 16x16x6, 4.1 million parameters, v-prediction. It draws simple
portraits ("a woman with long red hair and glasses in a green shirt, smiling, on a blue background") and nothing else.

Taught from nothing on drawings made by code: the VAE on shapes, stripes, objects and portraits, the UNet and the text
encoder on portraits alone. No real photograph, person or artist's work was used. How, how long and how good:
`hubkit/miniature/weights/README.md` in hubkit's source.

```python
from diffusers import StableDiffusionPipeline

pipe = StableDiffusionPipeline.from_pretrained("hubkit/mini-sd")
pipe("a man with short black hair in a yellow shirt, on a red background", guidance_scale=3).images[0]
```

It is the base of hubkit's quickstart: a rehearsal, in minutes on a CPU, of what a recipe does with a real model.
""",
    "mini-clip": """---
license: apache-2.0
library_name: transformers
pipeline_tag: zero-shot-image-classification
tags:
- clip
---

# mini-clip

A CLIP in small: 64x64 pixels, 0.8 million parameters. It tells captions of the miniature world's pictures apart and
serves there as scorer and as feature extractor. Its numbers compare with nothing outside that world; a Fréchet
distance in its features is no FID.

Taught from nothing on drawings made by code (shapes, stripes, objects, plain portraits). How, how long and how good:
`hubkit/miniature/weights/README.md` in hubkit's source.
""",
}
