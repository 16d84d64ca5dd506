"""A recipe's texts cannot break out of YAML, Markdown, HTML or Python."""

import ast
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from hubkit.card.escaping import block, code, front_matter, inline
from hubkit.card.sections import Picture, Table, Words
from hubkit.publishing import usage

HOSTILE = [
    'cat"; __import__("os").system("id") #',
    "cat'''\n__import__('os').system('id')\n'''",
    "```\n# broken out\n```",
    "````python\nimport os\n````",
    "<img src=x onerror=alert(1)>",
    "</code></pre><script>alert(1)</script>",
    "---\nlicense: mit\n---\n# mine now",
    "a\n---\nb",
    "a: b\nlicense: mit",
    "*anchor &anchor !!python/object/apply:os.system ['id']",
    "{{ 7 * 7 }} {% for x in range(9) %} {{ ''.__class__ }}",
    "[click](https://evil.example) ![x](https://evil.example/x.png)",
    "https://evil.example/steal www.evil.example mail@evil.example",
    "<https://evil.example>",
    "| a | b |\n|---|---|",
    "# title\n\n- list\n1. one\n> quote",
    "a\\`b\\\\`c ` `` ```",
    "&lt;b&gt; &#60;b&#62; &colon;",
    "\x1b[31mred\x1b[0m\x00\x07",
    "\u202egnp.exe\u202c\u2066x\u2069",
    "::add-mask::x\n::error file=a::b",
    "\u2028line\u2029paragraph\x85next",
    "yes", "null", "1e5", "2026-11-22", "~", "- a", "@someone #12 $x^2$",
    "x" * 5000,
    "忍者 портрет 🥷",
]  # fmt: skip
IDS = [str(number) for number in range(len(HOSTILE))]
hostile = pytest.mark.parametrize("text", HOSTILE, ids=IDS)

SAMPLING: dict[str, str | int | float] = {
    "steps": 2, "guidance_scale": 1.0, "scheduler": "DDIMScheduler", "resolution": 32,
}  # fmt: skip
GITHUB = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
"""As a renderer that lets HTML through would read it: what is HTML shows as such."""

INERT = {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak"}


def tokens(markdown: str) -> Iterator[Token]:
    """Every token of a text, those within lines too."""
    for token in GITHUB.parse(markdown):
        yield token
        yield from token.children or ()


@hostile
def test_in_a_line_of_markdown_it_is_only_text(text: str):
    """No tag, no link, no emphasis, no heading, no list: one paragraph that reads as the text."""
    assert {token.type for token in tokens(str(inline(text)))} <= INERT


@hostile
def test_in_a_template_it_is_only_text(text: str):
    """Templates escape what is not Markdown already, and never compile what they are given."""
    rendered = Words("usage", {"prompt": text, "seed": 1}).render()

    assert {token.type for token in tokens(rendered)} <= INERT
    assert "49" not in rendered


@hostile
def test_in_a_table_it_is_one_cell(text: str):
    """It opens no further cell and no further row."""
    cells = [token for token in tokens(Table(["a", "b"], [[text, "end"]]).render()) if token.type == "td_open"]

    assert len(cells) == 2


@hostile
def test_as_code_it_stays_within_its_backticks(text: str):
    """Inline code is one code token; a fenced block is one fence."""
    inline_code = [token.type for token in tokens(f"a {code(text)} b") if token.type not in INERT]
    fences = [token for token in tokens(f"{block(text, 'text')}\n\nafter") if token.type not in INERT]

    assert inline_code == ["code_inline"]
    assert [fence.type for fence in fences] == ["fence"]


@hostile
def test_as_a_pictures_words_it_stays_the_picture(text: str):
    """The picture's path is ours."""
    pictures = [token for token in tokens(Picture("images/a.png", text).render()) if token.type not in INERT]

    assert [(picture.type, picture.attrs["src"]) for picture in pictures] == [("image", "images/a.png")]


@hostile
def test_in_yaml_it_is_the_same_text(text: str):
    """Parsed again it is what it was; and the line that ends the metadata stands once."""
    written = front_matter({"widget": [{"text": text}], "license": "mit", "again": text})

    assert yaml.safe_load(written.split("\n---\n")[0]) == {"widget": [{"text": text}], "license": "mit", "again": text}
    assert [line for line in written.splitlines() if line.strip() == "---"] == ["---", "---"]


@hostile
def test_in_python_it_is_a_literal(text: str):
    """The snippet has the shape it always has, and the prompt is one constant in it."""
    tree = ast.parse(usage("ns/name", text, 1, SAMPLING))
    harmless = ast.parse(usage("ns/name", "a cat", 1, SAMPLING))

    assert [type(node) for node in ast.walk(tree)] == [type(node) for node in ast.walk(harmless)]
    prompts = [node.args[0] for node in ast.walk(tree) if isinstance(node, ast.Call) and node.keywords and node.args]
    assert text in [ast.literal_eval(prompt) for prompt in prompts]


OURS = {
    "<Gallery />", "</details>",
    *(f"<details>\n<summary>{title}</summary>" for title in (
        "How each number was made", "The first captions", "The whole recipe, with every revision pinned",
    )),
}  # fmt: skip
"""All the HTML that a card holds."""
ADDRESSES = {
    "recipe.toml", "hubkit.lock.json", "https://github.com/hubkit/hubkit", "https://arxiv.org/abs/1801.01401",
    "https://arxiv.org/abs/2112.10752",
}  # fmt: skip


def test_a_whole_card_of_hostile_texts(run_of: Callable[..., Any]):
    """All at once, through the public door: the metadata parse, links and pictures are ours, there is no HTML."""
    texts = [text for text in HOSTILE if not set("{}\0") & set(text) and text.strip()]
    run = run_of(subjects=texts, templates=["{subject}", "{subject} <b>ninja</b>"])
    images = run.images.model_copy(update={"license": "</code>`[x](https://evil.example)"})
    card = (run.but(images=images).describe().folder / "README.md").read_text(encoding="utf-8")
    _, metadata, body = card.split("---\n", 2)

    said = yaml.safe_load(metadata)
    assert said["license"] == "creativeml-openrail-m"
    assert said["widget"][0]["text"] == f"{texts[0]} <b>ninja</b>"
    found = list(tokens(body))
    html = [token.content.strip() for token in found if token.type.startswith("html")]
    assert set(html) <= OURS
    links = {str(token.attrs["href"]) for token in found if token.type == "link_open"}
    assert {link for link in links if not link.startswith(("#", "/"))} <= ADDRESSES
    pictures = {str(token.attrs["src"]) for token in found if token.type == "image"}
    assert all(path.startswith("images/") for path in pictures)
    snippet = next(token.content for token in found if token.type == "fence" and token.info == "python")
    assert len(ast.parse(snippet).body) == len(ast.parse(usage("ns/name", "a cat", 1, SAMPLING)).body)
