"""A recipe's texts cannot break out of YAML, Markdown, HTML or Python."""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from hubkit.card.chapters.scores import meaning
from hubkit.card.sections import Bullets, Code, Picture, Plain, Section, Table, Words
from hubkit.errors import Fault
from hubkit.escaping import block, code, front_matter, inline
from hubkit.metrics.kid import KernelDistance
from hubkit.progress import say
from hubkit.publishing import Past, Present, Release, usage
from hubkit.recipe import Recipe, dump

from .conftest import Scored, recipe_of, scored

HOSTILE = [
    'cat"; __import__("os").system("id") #',
    "cat'''\n__import__('os').system('id')\n'''",
    "```\n# broken out\n```",
    "````python\nimport os\n````",
    "~~~\n# broken out\n~~~",
    "<img src=x onerror=alert(1)>",
    "</code></pre><script>alert(1)</script>",
    "</details></details>\n\n# outside\n\n<details open ontoggle=alert(1)>",
    "<svg/onload=alert(1)><iframe srcdoc='<script>alert(1)</script>'>",
    "<Gallery /><!-- <h1>",
    "<details>\n<summary>mine</summary>",
    "---\nlicense: mit\n---\n# mine now",
    "a\n---\nb",
    "a\n...\n--- !!python/object/apply:os.system ['id']",
    "a: b\nlicense: mit",
    "*anchor &anchor !!python/object/apply:os.system ['id']",
    "{{ 7 * 7 }} {% for x in range(9) %} {{ ''.__class__ }}",
    "{% include '/etc/passwd' %}{# gone #}${7*7}#{7*7}<%= 7*7 %>",
    "{prompt} {0.__class__} %s %(name)s $name ${name}",
    "[click](https://evil.example) ![x](https://evil.example/x.png)",
    "[click](javascript:alert(1)) <a href='javascript:alert(1)'>x</a>",
    "[click][1]\n\n[1]: https://evil.example",
    "![](https://evil.example/pixel.gif?who=me)<img src=//evil.example/pixel.gif>",
    "https://evil.example/steal www.evil.example mail@evil.example",
    "//evil.example http:evil.example HTTP://EVIL.example ftp://evil.example",
    "<https://evil.example> <mail@evil.example>",
    "data:text/html,<script>alert(1)</script>",
    "| a | b |\n|---|---|",
    "x\\| <img src=y> \\\\| `z",
    "a \\",
    "# title\n\n- list\n1. one\n> quote",
    "title\n=====\n\ntitle\n-----",
    "    indented code\n\tand tab",
    "a\\`b\\\\`c ` `` ```",
    "**bold** __bold__ ~~gone~~ _em_ ^[note] [^1] ==mark==",
    "&lt;b&gt; &#60;b&#62; &colon; &NewLine;&#10;# title",
    "\x1b[31mred\x1b[0m\x00\x07\x9b2J\x1b]8;;https://evil.example\x07x\x1b]8;;\x07",
    "over\rwritten\b\b\b\x7f\x0c\x0b",
    "\u202egnp.exe\u202c\u2066x\u2069",
    "ze\u200bro\u200c \u200dwi\ufeffdth\u2060 \xad\u180e",
    "\u0440\u0430\u0443\u0440\u0430l \u0430\u0440\u0440le \uff41\uff44\uff4d\uff49\uff4e \U0001d4bd\U0001d4be",
    "::add-mask::x\n::error file=a::b\n##[error]c",
    "\u2028line\u2029paragraph\x85next",
    "Z\u0335\u0321\u0322a\u0300\u0301\u0302\u0303" * 30,
    "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪👍🏽",
    "yes", "null", "1e5", "0x1F", "2026-11-22", "~", "- a", "? a", "@someone #12 $x^2$ $$x$$", "-", "=", "1.", "+",
    r"\(x^2\) \(\href{//evil.example}{x}\) \\(x\\) \\\(x\\\) \[x\] \\[x\\] $$\href{//evil.example}{x}$$ $$$ \$$x\$$\\",
    "../../etc/passwd", "C:\\con\\..\\nul", "-rf *; $(id) `id` | sh",
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

RECOGNISED = re.compile(
    r"(?:https?://|www\.)[-.\w]|(?:^|[\s\W])[-.\w+]+@[-\w]+\.[-\w]|(?:^|\W)@[^\W\d]|mailto:|xmpp:", re.IGNORECASE
)
"""What remark and GitHub make links of, whether it was escaped or not."""
FORMULA = re.compile(r"\$\$|\\\\[()\[\]]")
"""What the Hub takes for the ends of a formula, in the very text and before it reads the Markdown."""
HERE = re.compile(r"#|/(?![/\\])")
"""How a link begins that stays on this page or on this Hub; two slashes begin the name of a host."""
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


def cells_of(row: str) -> int:
    """How many cells a line of a table has for a reader who takes a backslash and what follows for a pair."""
    return len(re.findall(r"(?:\\.|[^|\\])+", row.strip("|")))


@hostile
def test_as_code_in_a_table_it_is_one_cell(text: str):
    """For readers too who count a backslash before the bar otherwise."""
    row = Table(["a", "b"], [[code(text), "end"]]).render().splitlines()[-1]

    assert cells_of(row) == 2


@hostile
def test_nothing_in_it_is_recognised_afterwards(text: str):
    """GitHub, and Markdown in JavaScript, look for addresses and mentions in the text that they have read."""
    read = "".join(token.content for token in tokens(str(inline(text))) if token.type in {"text", "text_special"})

    assert not RECOGNISED.search(read)


def with_gate(run: Scored, gate: str) -> Scored:
    """The run with another gate of its score, in words."""
    score = run.scores.scores[0].model_copy(update={"gate": gate})
    return run.but(scores=run.scores.model_copy(update={"scores": (score,)}))


@hostile
def test_as_the_words_of_a_gate_it_is_only_text(text: str, tmp_path: Path):
    """They stand in a lock, which may be a stranger's; the one link is the paper's."""
    score = with_gate(scored(tmp_path, tmp_path, recipe_of()), text).scores.scores[0]
    found = [token for token in tokens(meaning([score])) if token.type not in {*INERT, "strong_open", "strong_close"}]

    assert ["link_open", "link_close"] == [token.type for token in found]
    assert KernelDistance.paper == found[0].attrs["href"]


@hostile
def test_no_formula_is_made_of_it(text: str):
    """Neither where it stands as text or code, nor where it is a literal; escaping a backslash makes two of it."""
    recipe = recipe_of(subjects=[text])
    parts = [
        Words("usage", {"prompt": text, "seed": 1}), Picture("images/a.png", text), Bullets([text]), Plain(text),
        Table([text], [[text], [code(text)]]), Section(text), Code(usage("a/b", text, 1, SAMPLING), "python"),
        Code(dump(recipe), "toml"),
    ]  # fmt: skip

    assert [] == [part for part in parts if FORMULA.search(part.render())]
    assert (text,) == Recipe.model_validate(tomllib.loads(dump(recipe))).samples.subjects


def test_the_name_of_a_score_is_not_parted():
    """Whoever copies it from a card finds it in the lock."""
    assert str(inline("fd[mini-clip]@8")) == r"fd\[mini-clip\]\@8"


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
    assert written.replace("\n", "").isprintable()


@pytest.mark.parametrize("text", ["1e5", "4e12", ".5", "0o17", "0b1", "1_000", "2026-11-22", "+1", "9", "v1", "a-1"])
def test_in_yaml_a_text_that_looks_like_a_number_is_quoted(text: str):
    """The Hub reads YAML 1.2, in which more texts are numbers; a commit may be one."""
    assert f"'{text}'" in front_matter({"text": text}) or not re.match(r"[+.\d]", text)


@hostile
def test_on_a_terminal_and_in_a_log_it_is_one_line_that_does_nothing(text: str, capsys: pytest.CaptureFixture[str]):
    """No escape sequence and no character that turns the writing; and nothing a GitHub runner takes for a command."""
    say(text)
    said = capsys.readouterr().err
    error = str(Fault("HK100", text, where=text, help=text))

    assert said.count("\n") == 1
    assert (said + error).replace("\n", "").isprintable()
    assert not [line for line in (said + error).splitlines() if line.lstrip().startswith("::") or "##[" in line]


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
        "How each number was made", "The first captions", "The whole recipe, with every revision pinned", "BibTeX",
    )),
}  # fmt: skip
"""All the HTML that a card holds."""
ADDRESSES = {
    "recipe.toml", "hubkit.lock.json", "https://github.com/hubkit/hubkit", "https://arxiv.org/abs/1801.01401",
    "https://arxiv.org/abs/2112.10752", "https://github.com/CompVis/stable-diffusion/blob/main/LICENSE",
}  # fmt: skip


LINK = "</code>`**[x](https://evil.example)** <img src=x onerror=alert(1)>"


def test_a_whole_card_of_hostile_texts(run_of: Callable[..., Scored], described: Release):
    """All at once, through the public door: the metadata parse, links and pictures are ours, there is no HTML."""
    texts = HOSTILE
    run = with_gate(run_of(subjects=texts, templates=["{subject}", "{subject} <b>ninja</b>"]), LINK)
    before = Past(commit="c" * 40, tag=LINK, lock=described.lock)
    images = run.images.model_copy(update={"license": "</code>`[x](https://evil.example)"})
    release = run.but(images=images).describe(Present(commit=LINK, card=None, lock=None, last=before, parent=None))
    card = (release.folder / "README.md").read_text(encoding="utf-8")
    _, metadata, body = card.split("---\n", 2)

    said = yaml.safe_load(metadata)
    assert said["license"] == "creativeml-openrail-m"
    assert said["widget"][0]["text"] == f"{texts[0]} <b>ninja</b>"
    assert "\n## What is new\n" in body
    found = list(tokens(body))
    html = [token.content.strip() for token in found if token.type.startswith("html")]
    assert set(html) <= OURS
    links = {str(token.attrs["href"]) for token in found if token.type == "link_open"}
    assert {link for link in links if not HERE.match(link)} <= ADDRESSES
    pictures = {str(token.attrs["src"]) for token in found if token.type == "image"}
    assert all(path.startswith("images/") for path in pictures)
    snippet = next(token.content for token in found if token.type == "fence" and token.info == "python")
    assert len(ast.parse(snippet).body) == len(ast.parse(usage("ns/name", "a cat", 1, SAMPLING)).body)
    assert not FORMULA.search(body)
