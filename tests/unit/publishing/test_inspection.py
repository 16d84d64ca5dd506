"""What is refused before a byte is uploaded."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hubkit.errors import IntegrityError
from hubkit.publishing import Release, inspect

Damage = Callable[[Path], object]


def test_a_whole_release_passes(release: Release):
    """The model, its card and its pictures are what may be published."""
    inspect(release)


def _bare_text_encoder(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    file = folder / "text_encoder" / "model.safetensors"
    save_file({key.removeprefix("text_model."): tensor for key, tensor in load_file(file).items()}, file)


def _not_a_number(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    file = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights = load_file(file)
    weights["conv_in.bias"][0] = float("nan")
    save_file(weights, file)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "unet" / "model.bin").write_bytes(b"\x80"), "no part of a model"),
        (lambda folder: (folder / "optimizer.safetensors").write_bytes(b""), "no part of a model"),
        (lambda folder: (folder / ".env").write_text("A=1"), "no part of a model"),
        (lambda folder: (folder / "train.jsonl").write_text("{}"), "no part of a model"),
        (lambda folder: (folder / "model.ckpt").write_bytes(b"\x80"), "no part of a model"),
        (lambda folder: (folder / "link.json").symlink_to("model_index.json"), "symbolic link"),
        (_bare_text_encoder, "without the prefix 'text_model.'"),
        (_not_a_number, "not finite, in 'conv_in.bias'"),
        (lambda folder: (folder / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"1"), "no safetensors"),
        (lambda folder: (folder / "README.md").write_text("hf_" + "Ab1" * 11), "token"),
        (lambda folder: (folder / "recipe.toml").write_text("# correct-horse-battery"), "token"),
    ],
    ids=["pickle", "optimizer", "hidden", "log", "checkpoint", "link", "bare keys", "nan", "damaged", "token", "known"],
)
def test_what_may_not_be_published_is_refused(
    release: Release,
    released: Callable[..., Release],
    monkeypatch: pytest.MonkeyPatch,
    damage: Damage,
    words: str,
):
    """Pickles, leftovers, damaged weights and secrets, though they stand in the manifest."""
    monkeypatch.setenv("SERVICE_PASSWORD", "correct-horse-battery")
    damage(release.folder)

    with pytest.raises(IntegrityError, match=words):
        inspect(released(release.folder))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "extra.json").write_text("{}"), "not in the manifest"),
        (lambda folder: (folder / "model_index.json").unlink(), "missing"),
        (lambda folder: (folder / "README.md").write_text("another"), "not what the manifest says"),
    ],
    ids=["more", "less", "other"],
)
def test_the_folder_must_be_the_manifest(release: Release, damage: Damage, words: str):
    """A file more, a file less, or another content than was described."""
    damage(release.folder)

    with pytest.raises(IntegrityError, match=words) as caught:
        inspect(release)
    assert caught.value.exit_code == 10
