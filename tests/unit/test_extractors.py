"""What the metrics look through is told apart, pinned, and honest about what it did not read."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity
from torchvision.models import alexnet
from transformers import Dinov2Config, Dinov2Model, ViTConfig, ViTModel

from hubkit import hub
from hubkit.data.transforms import pixels as pixels_of
from hubkit.errors import BaseModelError, MachineError
from hubkit.extractors.clip import Clip
from hubkit.extractors.inception import Inception, find_weights
from hubkit.extractors.lpips import Lpips
from hubkit.extractors.named import named
from hubkit.metrics.clip_score import ClipScore
from hubkit.metrics.kid import KernelDistance
from hubkit.scoring import Features

pytestmark = pytest.mark.usefixtures("as_alice")

MINI_CLIP = Path(__file__).parents[2] / "hubkit" / "miniature" / "weights" / "mini-clip"
WEIGHTS = "alice/inception:weights/inception.pth"


@pytest.fixture
def clip() -> Clip:
    """The miniature CLIP, under another namespace."""
    files = {file.name: file for file in MINI_CLIP.iterdir()}
    hub.put_repo("alice/mini-clip", "model", files, "seed")
    return Clip("alice/mini-clip", None)


def test_two_models_of_one_name_are_told_apart(clip: Clip):
    """Short where the number is named, whole where it is looked up."""
    assert (clip.name, clip.source) == ("mini-clip", "alice/mini-clip")


def test_captions_that_were_cut_are_counted(clip: Clip):
    """Begin and end token included; a caption that just fits is not cut."""
    fits = " ".join(["a"] * (clip.length - 2))
    captions = ["a man", fits, f"{fits} a"]
    score = ClipScore.model_validate({"kind": "clip-score"})

    assert clip.truncated(captions) == 1
    drawn = Features(torch.zeros(3, 64))
    assert score.notes(drawn, clip.truncated(captions)) == (
        "1 of 3 captions are longer than the model reads and were cut",
    )
    assert score.notes(drawn, 0) == ()


def test_a_caption_that_is_cut_keeps_its_end_token(clip: Clip):
    """The end token is where CLIP reads a caption: cut off, every long caption would be the same one."""
    room = clip.length - 2
    hats, shirts = (" ".join(["a", "man", "with", "a", colour] * room) for colour in ("red", "blue"))
    features = clip.captions([hats, shirts, " ".join(hats.split()[:room])])
    one, other, cut = features / features.norm(dim=1, keepdim=True)

    assert one @ other < 0.99
    assert torch.allclose(one, cut, atol=1e-5)


def test_weights_from_the_hub_are_pinned():
    """What is added to the repo later is not what this run looks through."""
    sha = hub.put_repo("alice/inception", "model", {"weights/inception.pth": b"1"}, "seed")
    pinned = KernelDistance.model_validate({"kind": "kid", "weights": WEIGHTS}).pinned()
    hub.put_repo("alice/inception", "model", {"weights/inception.pth": b"2"}, "other weights")

    assert pinned.revision == sha
    assert find_weights(pinned.weights, pinned.revision).read_bytes() == b"1"
    assert find_weights(pinned.weights, None).read_bytes() == b"2"
    assert pinned.pinned() == pinned
    assert not [*pinned.problems()]


def test_a_file_that_is_not_there_is_named():
    """Exit 4."""
    hub.put_repo("alice/inception", "model", {"a.txt": b"1"}, "seed")

    with pytest.raises(BaseModelError, match=r"no file 'weights/inception\.pth'"):
        find_weights(WEIGHTS, None)


def test_inception_looks_through_weights_given_by_a_path(random_inception):
    """Network and resizing are torchmetrics', as they stand; random weights are told from the published ones."""
    eyes = Inception(str(random_inception), None)
    pictures = [Image.fromarray(np.full((64, 64, 3), grey, dtype=np.uint8)) for grey in (30, 220)]
    features = eyes.images(pictures)
    metric = FrechetInceptionDistance(feature_extractor_weights_path=str(random_inception))
    theirs = metric.inception(
        torch.stack([torch.from_numpy(np.asarray(one).copy()).permute(2, 0, 1) for one in pictures])
    )

    assert torch.equal(theirs.float(), features)
    assert features.shape == (2, 2048)
    assert not torch.equal(features[0], features[1])
    assert eyes.name.startswith("inception with other weights")


def test_inception_without_its_weights_says_how_to_supply_them(tmp_path, monkeypatch):
    """Exit 5, offline and with nothing downloaded before; exit 4 where the path leads nowhere, or to something else."""
    monkeypatch.setenv("HUBKIT_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    (tmp_path / "other.pth").write_bytes(b"not weights")

    with pytest.raises(MachineError, match="Inception weights cannot be downloaded") as offline:
        Inception(None, None)
    with pytest.raises(BaseModelError, match="there are no Inception weights at") as nowhere:
        Inception(str(tmp_path / "none.pth"), None)
    with pytest.raises(BaseModelError, match="holds no Inception weights") as damaged:
        _ = Inception(str(tmp_path / "other.pth"), None).model

    assert all("give them with `weights`" in error.value.faults[0].help for error in (offline, nowhere, damaged))


PIXELS = {
    "do_resize": True, "size": {"height": 32, "width": 32}, "do_normalize": True, "do_rescale": True, "resample": 3,
    "rescale_factor": 1 / 255, "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
}  # fmt: skip


@pytest.mark.parametrize("kind", ["vit", "dinov2"])
def test_a_vision_transformer_is_seen_through_its_class_token(kind, tmp_path):
    """DINO is a ViT by its config, DINOv2 of its own type; both with the architecture's random weights."""
    sides = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 32, "patch_size": 16}
    if kind == "vit":
        model = ViTModel(ViTConfig(**sides, intermediate_size=16), add_pooling_layer=False)
        words = {"image_processor_type": "ViTImageProcessor", **PIXELS}
    else:
        model = Dinov2Model(Dinov2Config(**sides, mlp_ratio=1))
        words = {"image_processor_type": "BitImageProcessor", "do_center_crop": False, **PIXELS}
    model.eval().save_pretrained(tmp_path / "model")
    (tmp_path / "model" / "preprocessor_config.json").write_text(json.dumps(words))
    hub.put_repo("alice/dino", "model", {file.name: file for file in (tmp_path / "model").iterdir()}, "seed")
    pictures = [Image.new("RGB", (64, 48), colour) for colour in ("red", "green")]
    extractor = named("alice/dino", None)
    features = extractor.images(pictures)
    pixels = torch.stack([pixels_of(picture.resize((32, 32))) for picture in pictures])
    with torch.no_grad():
        expected = model(pixel_values=pixels).last_hidden_state[:, 0]

    assert extractor.name == "dino"
    assert torch.allclose(expected, features, atol=1e-5)


def test_a_repo_is_what_its_config_says(clip):
    """CLIP by its type; anything that is neither it nor a vision transformer is refused by name."""
    assert isinstance(named("alice/mini-clip", None), Clip)
    hub.put_repo("alice/bert", "model", {"config.json": b'{"model_type": "bert"}'}, "seed")

    with pytest.raises(BaseModelError, match="is a bert"):
        named("alice/bert", None)


def test_the_squared_distance_of_lpips_features_is_lpips(tmp_path, monkeypatch):
    """As torchmetrics computes it, over an AlexNet with random weights in torch's own cache."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    torch.manual_seed(0)
    torch.save(alexnet(weights=None).state_dict(), tmp_path / "checkpoints" / "alexnet-owt-7be5be79.pth")
    noise = np.random.default_rng(0).integers(0, 255, (2, 64, 64, 3), dtype=np.uint8)
    one, other = Lpips().images([Image.fromarray(picture) for picture in noise])
    scaled = torch.from_numpy(noise).permute(0, 3, 1, 2).float() / 127.5 - 1
    lpips = LearnedPerceptualImagePatchSimilarity(net_type="alex")(scaled[:1], scaled[1:]).item()

    assert lpips > 0.001
    assert lpips == pytest.approx((one - other).square().sum().item(), rel=1e-5)


def test_lpips_without_its_weights_says_what_to_do(tmp_path, monkeypatch):
    """Exit 5; nobody listens where torch would download them from."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")

    with pytest.raises(MachineError, match="AlexNet's weights"):
        Lpips()
