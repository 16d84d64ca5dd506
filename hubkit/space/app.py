"""A prompt, drawn twice from the same noise: by a base model, and by the model that was finetuned from it.

All this program knows of the two is in the demo.json beside it. hubkit made the demo, and this file is the same in all
of them.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

try:
    import spaces  # before torch: on ZeroGPU it lends a GPU for the length of a call
except ModuleNotFoundError:
    spaces = None

import diffusers
import gradio as gr
import torch
from huggingface_hub import constants

DEMO: Final = json.loads(Path(__file__).with_name("demo.json").read_text(encoding="utf-8"))
SAMPLING: Final = DEMO["sampling"]
BASE, FINETUNED = "base", "model"
SECONDS: Final = 60
"""Of a GPU, for two pictures."""
LONGEST_PROMPT: Final = 1000
MOST_STEPS: Final = max(100, SAMPLING["steps"])
MOST_GUIDANCE: Final = max(20.0, SAMPLING["guidance_scale"])
LAST_SEED: Final = 2**32 - 1
NEW_SEED: Final = f"() => Math.floor(Math.random() * {LAST_SEED + 1})"

device = "cuda" if torch.cuda.is_available() else "cpu"
Paint = Callable[[str, int, int, float], list[tuple[Any, bool]]]
on_gpu: Callable[[Paint], Paint] = spaces.GPU(duration=SECONDS) if spaces else lambda function: function


@cache
def pipelines() -> dict[str, Any]:
    """Both models, loaded once, with the card's sampler. The base takes its noise schedule from the finetuned model:
    it is the same one, and an old base does not say all of it.
    """
    loaded = {who: load(DEMO[who]) for who in (BASE, FINETUNED)}
    schedule = loaded[FINETUNED].scheduler.config
    for pipeline in loaded.values():
        pipeline.scheduler = getattr(diffusers, SAMPLING["scheduler"]).from_config(schedule)
    return loaded


def load(model: dict[str, Any]) -> Any:
    """A pipeline at its commit: in half precision on a GPU, in full on a CPU."""
    pipeline = diffusers.DiffusionPipeline.from_pretrained(
        model["repo"],
        revision=model["revision"],
        dtype=torch.float16 if device == "cuda" else torch.float32,
        variant=model["variant"] if device == "cuda" else None,
        use_safetensors=None if model["pickled"] else True,
    )
    return pipeline.to(device)


@on_gpu
def paint(prompt: str, seed: int, steps: int, guidance_scale: float) -> list[tuple[Any, bool]]:
    """The base's picture and the finetuned model's, from the same noise; whether a safety checker blacked it out."""
    painted = []
    for who, pipeline in pipelines().items():
        pipeline.set_progress_bar_config(desc="base" if who == BASE else "finetuned")
        drawn = pipeline(
            prompt,
            num_inference_steps=steps,
            guidance_scale=guidance_scale,
            height=SAMPLING["resolution"],
            width=SAMPLING["resolution"],
            generator=torch.Generator("cpu").manual_seed(seed),  # the same noise for both, on every device
        )
        painted.append((drawn.images[0], any(getattr(drawn, "nsfw_content_detected", None) or ())))
    return painted


def draw(
    prompt: str, template: str, seed: int | None, steps: int | None, guidance_scale: float | None,
    progress: gr.Progress = gr.Progress(track_tqdm=True),  # noqa: ARG001, B008 - gradio looks for it here
) -> tuple[tuple[Any, Any], str]:  # fmt: skip
    """Draw a prompt in a template with the base and with the finetuned model, from the same noise."""
    if not prompt.strip() or len(prompt) > LONGEST_PROMPT:
        raise gr.Error(f"Write what to draw, in at most {LONGEST_PROMPT} characters.", print_exception=False)
    if seed is None or steps is None or guidance_scale is None:  # a field of a number that somebody emptied
        raise gr.Error("Seed, steps and guidance each need a number.", print_exception=False)
    whole = template.replace("{subject}", prompt.strip())
    (base, base_hidden), (finetuned, finetuned_hidden) = paint(whole, int(seed), int(steps), float(guidance_scale))
    if base_hidden or finetuned_hidden:
        gr.Warning("A safety checker blacked a picture out. Try another seed.")
    return (base, finetuned), whole


def link(model: dict[str, Any]) -> str:
    """A model's name in Markdown, leading to it at its commit. Names on the Hub hold no markup."""
    return f"[{model['repo']}]({constants.ENDPOINT}/{model['repo']}/tree/{model['revision']})"


def page() -> gr.Blocks:
    """The page. Texts of the card are only ever values of fields, which show them as they are."""
    several = len(DEMO["templates"]) > 1
    name = DEMO[FINETUNED]["repo"].partition("/")[2]
    with gr.Blocks(title=f"{name}: base | finetuned", analytics_enabled=False) as blocks:
        gr.Markdown(
            f"# {name}\n{link(DEMO[BASE])} and {link(DEMO[FINETUNED])}, finetuned from it, draw the same prompt from "
            "the same noise. Move the slider to compare them."
        )
        with gr.Row():
            with gr.Column():
                first = DEMO["examples"][0]
                prompt = gr.Textbox(first["subject"], label="Prompt", lines=2, max_length=LONGEST_PROMPT)
                template = gr.Dropdown(
                    DEMO["templates"], value=DEMO["best"], visible=several, label="Template",
                    info="Your prompt takes the place of {subject}.",
                )  # fmt: skip
                seed = gr.Number(
                    first["seed"], label="Seed", precision=0, minimum=0, maximum=LAST_SEED,
                    info="Of the noise that both begin from.",
                )  # fmt: skip
                with gr.Accordion("Steps and guidance", open=False):
                    steps = gr.Slider(1, MOST_STEPS, SAMPLING["steps"], step=1, label="Steps")
                    guidance = gr.Slider(
                        0, MOST_GUIDANCE, SAMPLING["guidance_scale"], step=0.1, label="Guidance",
                        info="How closely a picture follows its prompt.",
                    )  # fmt: skip
                with gr.Row():
                    button = gr.Button("Draw", variant="primary", scale=2, min_width=120)
                    another = gr.Button("New seed", scale=1, min_width=120)
            with gr.Column():
                slider = gr.ImageSlider(label="base | finetuned", format="png", interactive=False)
                whole = gr.Textbox(label="The whole prompt", lines=2, interactive=False, visible=several)
        gr.Examples(
            [[one["subject"], one["template"], one["seed"]] for one in DEMO["examples"]],
            [prompt, template, seed],
            label="The card's prompts, with their seeds",
            visible_columns=[0],
        )
        another.click(None, outputs=seed, js=NEW_SEED, api_visibility="private")
        gr.on(
            [button.click, prompt.submit], draw, [prompt, template, seed, steps, guidance], [slider, whole],
            api_name="draw", scroll_to_output=True,
        )  # fmt: skip
    return blocks


if __name__ == "__main__":
    if device == "cuda":
        pipelines()  # a GPU that is lent is lent to what is loaded already; on a CPU the page comes first
    page().launch()
