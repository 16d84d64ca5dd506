"""The packed weights load as what they say they are, stay small, and have learnt something."""

import torch
from diffusers import StableDiffusionPipeline
from safetensors import safe_open
from transformers import CLIPModel, CLIPProcessor, CLIPTokenizer

from hubkit.miniature import WEIGHTS, clip, vae

MEGABYTES = 12


def test_everything_is_small():
    """Twelve megabytes at most, in all."""
    total = sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file())

    assert total <= MEGABYTES * 1_000_000


def test_the_tokenizer_knows_caption_words_and_spells_all_others():
    """Each caption word is one token; any text survives the round trip."""
    tokenizer = CLIPTokenizer.from_pretrained(WEIGHTS / "mini-sd" / "tokenizer")
    caption = tokenizer("a woman with curly purple hair and glasses in a teal shirt, smiling").input_ids

    assert len(caption) == 14 + 2  # words and a comma, start and end
    assert caption[0] == tokenizer.bos_token_id
    assert caption[-1] == tokenizer.eos_token_id == len(tokenizer) - 1
    assert tokenizer.decode(tokenizer("avatarart zebra é").input_ids, skip_special_tokens=True) == "avatarart zebra é"
    assert tokenizer.model_max_length == 77
    assert tokenizer.pad_token_id == tokenizer.eos_token_id


def test_both_models_read_the_same_tokens():
    """One vocabulary for the text encoder and the CLIP."""
    names = ("vocab.json", "merges.txt")

    assert all(
        (WEIGHTS / "mini-sd" / "tokenizer" / name).read_bytes() == (WEIGHTS / "mini-clip" / name).read_bytes()
        for name in names
    )


def test_text_encoder_keys_carry_their_prefix():
    """Transformers 4 loads nothing but random tensors without it."""
    with safe_open(WEIGHTS / "mini-sd" / "text_encoder" / "model.safetensors", "pt") as file:
        keys = list(file.keys())

    assert keys
    assert all(key.startswith("text_model.") for key in keys)


def test_the_pipeline_loads_and_draws():
    """Float32 from fp16 files; 64x64 pictures; every tensor of the text encoder is the file's."""
    pipeline = StableDiffusionPipeline.from_pretrained(WEIGHTS / "mini-sd", dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    image = pipeline("a man with black hair", num_inference_steps=2, generator=torch.Generator().manual_seed(0)).images[
        0
    ]
    with safe_open(WEIGHTS / "mini-sd" / "text_encoder" / "model.safetensors", "pt") as file:
        saved = file.get_tensor("text_model.embeddings.token_embedding.weight").float()

    assert image.size == (64, 64)
    assert pipeline.scheduler.config.prediction_type == "v_prediction"
    assert torch.equal(pipeline.text_encoder.get_input_embeddings().weight, saved)


def test_the_vae_keeps_what_it_never_saw():
    """Reconstructions of all three styles, of which it was taught one."""
    pipeline = StableDiffusionPipeline.from_pretrained(WEIGHTS / "mini-sd", dtype=torch.float32)
    pictures = {style: vae.held_out(style, 8) for style in ("portraits", "ninja", "avatar")}
    found = {style: vae.psnr(vae.reconstructed(pipeline.vae, drawn), drawn) for style, drawn in pictures.items()}

    assert found["portraits"] > 28
    assert found["ninja"] > 22
    assert found["avatar"] > 25


def test_the_clip_finds_the_right_caption():
    """First among 64 for most held-out portraits."""
    model = CLIPModel.from_pretrained(WEIGHTS / "mini-clip", dtype=torch.float32).eval()
    processor = CLIPProcessor.from_pretrained(WEIGHTS / "mini-clip")
    found = clip.ranks(model, processor.tokenizer, groups=1)

    assert (found == 0).float().mean() > 0.85
