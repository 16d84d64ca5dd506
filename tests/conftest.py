"""What holds for every test: nothing of the user's, nothing from outside, and no test that quietly did not run."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from unittest.mock import patch

import pytest

MAY_SKIP = {"gpu", "network"}
"""Marks of tests that no ordinary machine can run."""

HOME = tempfile.mkdtemp(prefix="hubkit-tests-")
for name in [name for name in os.environ if name.startswith(("HF_", "HUGGING_FACE_", "HUBKIT_"))]:
    del os.environ[name]
os.environ |= {
    "HF_HOME": f"{HOME}/hf",
    "HF_ENDPOINT": "http://127.0.0.1:9",  # nobody listens there: a test that asks the real Hub fails
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HUBKIT_HOME": f"{HOME}/hubkit",
    "OMP_NUM_THREADS": "1",  # as `make test` has it: two threads on a busy machine are slower, and add otherwise
}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    shutil.rmtree(HOME, ignore_errors=True)


def fail_if_skipped(report: pytest.TestReport | pytest.CollectReport, marks: set[str]) -> None:
    """In continuous integration a test that is skipped for a missing tool has failed."""
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail") and not marks & MAY_SKIP:
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as failed here: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tests that skip themselves."""
    report = yield
    fail_if_skipped(report, {mark.name for mark in item.iter_markers()})
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Modules that skip themselves, as `importorskip` does."""
    report = yield
    fail_if_skipped(report, set())
    return report


SQUARE = {
    "crop_size": 32, "do_center_crop": True, "do_normalize": True, "do_resize": True, "resample": 3, "size": 32,
    "feature_extractor_type": "CLIPFeatureExtractor", "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
}  # fmt: skip
"""A `preprocessor_config.json` as repos of 2022 have it."""


@pytest.fixture(scope="session")
def add_safety_checker() -> Callable[..., None]:
    """Give a pipeline's folder a small but real safety checker, in the layout of Stable Diffusion 1.4.

    It objects to every picture or to none.
    """
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from safetensors.torch import load_file, save_file
    from transformers import CLIPConfig

    def add(pipeline: Path, *, objects: bool) -> None:
        sides = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
        words = {**sides, "vocab_size": 10, "bos_token_id": 8, "eos_token_id": 9}
        eyes = {**sides, "image_size": 32, "patch_size": 16}
        checker = StableDiffusionSafetyChecker(CLIPConfig(text_config=words, vision_config=eyes, projection_dim=8))
        checker.concept_embeds_weights.fill_(-2.0 if objects else 2.0)  # a cosine is always more, or never
        checker.save_pretrained(pipeline / "safety_checker")
        file = pipeline / "safety_checker" / "model.safetensors"
        weights = {
            name.replace("vision_model.", "vision_model.vision_model.", 1): tensor
            for name, tensor in load_file(file).items()
        }
        save_file(weights, file, metadata={"format": "pt"})
        (pipeline / "feature_extractor").mkdir()
        (pipeline / "feature_extractor" / "preprocessor_config.json").write_text(json.dumps(SQUARE))
        index = json.loads((pipeline / "model_index.json").read_text())
        index |= {
            "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
            "feature_extractor": ["transformers", "CLIPFeatureExtractor"],
            "requires_safety_checker": True,
        }
        (pipeline / "model_index.json").write_text(json.dumps(index))

    return add


@pytest.fixture(scope="session")
def random_inception(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Inception of random weights of the right shapes: everything but their values is the real path."""
    import torch
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    path = tmp_path_factory.mktemp("inception") / "inception.pth"
    torch.save({}, path)
    torch.manual_seed(0)
    kept: dict[str, torch.Tensor] = {}
    with patch.object(FeatureExtractorInceptionV3, "load_state_dict", lambda net, _: kept.update(net.state_dict())):
        FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=str(path))
    torch.save(kept, path)
    return path
