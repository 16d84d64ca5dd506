"""The pages: what a card shows, and what it cannot do."""

import httpx2 as httpx
import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from PIL import Image

from hubkit.localhub import LocalHub
from hubkit.localhub.rendering import Place, human_number, human_size, render

PLACE = Place("datasets/a/b", "c0ffee")
CARD = """---
license: mit
base_model: acme/base
library_name: diffusers
widget:
- text: a <b>cat</b>
  output: {url: samples/0.png}
model-index:
- name: page
  results:
  - task: {type: text-to-image}
    dataset: {type: acme/cats, name: Cats}
    metrics: [{type: kid, name: KID, value: 1.25}]
---
# A card

<Gallery />

| a | b |
|---|--:|
| 1 | 2 |

<script>alert("never")</script>
"""


@pytest.fixture(scope="module")
def page_url(hub: LocalHub, tmp_path_factory: pytest.TempPathFactory) -> str:
    api = HfApi(endpoint=hub.url, token="hf_alice")
    repo = api.create_repo("alice/page").repo_id
    picture = tmp_path_factory.mktemp("picture") / "0.png"
    Image.effect_noise((64, 64), 90).convert("RGB").save(picture)
    operations = [CommitOperationAdd("README.md", CARD.encode()), CommitOperationAdd("samples/0.png", picture)]
    api.create_commit(repo, operations, commit_message="Draw a cat")
    api.create_tag(repo, tag="v1.0")
    return f"{hub.url}/{repo}"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("![x](a/b.png)", '<img loading="lazy" src="/datasets/a/b/resolve/c0ffee/a/b.png" alt="x">'),
        ("[x](./c.md)", '<a href="/datasets/a/b/resolve/c0ffee/c.md">x</a>'),
        ("[x](../../secret)", "<a>x</a>"),
        ("[x](https://e.org/?a=1&b=2)", '<a href="https://e.org/?a=1&amp;b=2">x</a>'),
        ('<img src=x onerror="alert(1)">', '<img loading="lazy" src="/datasets/a/b/resolve/c0ffee/x">'),
        ('<a href="JaVaScRiPt:alert(1)">x</a>', "<a>x</a>"),
        ("<script>alert(1)</script>x", "x"),
        ("<iframe src=/></iframe>x", "x"),
        ("</article></main>x", "x"),
        ("<details><summary>s</summary>\n\nx\n", "<details><summary>s</summary>\nx"),
        ("<Gallery />", "THE GALLERY"),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<!-- unseen -->x", "x"),
        (
            "# Two <b>words</b>\n# Two words",
            '<h1 id="two-words">Two <b>words</b></h1>\n<h1 id="two-words-1">Two words</h1>',
        ),
        ('# <i id="card" class="k">x"</i>', '<h1 id="x"><i>x&quot;</i></h1>'),
        ('<span class="k">x</span><span class="chips">y</span>', '<span class="k">x</span><span>y</span>'),
        ("```json\n1\n```", '<pre><code><span class="mi">1</span>\n</code></pre>'),
        ("```evil\n<b>\n```", "<pre><code>&lt;b&gt;\n</code></pre>"),
    ],
)
def test_a_card_shows_what_is_harmless(text: str, html: str):
    shown = render(text, PLACE, "THE GALLERY").replace("<p>", "").replace("</p>", "")

    assert shown.strip().removesuffix("</details>").strip() == html


def test_a_page_tells_what_the_card_says(page_url: str):
    answer = httpx.get(page_url)

    for words in (
        '<h1 id="a-card">A card</h1>',
        "Evaluation results",
        "1.25",
        "v1.0",
        "Draw a cat",
        "<b>license</b> mit",
    ):
        assert words in answer.text
    assert "a &lt;b&gt;cat&lt;/b&gt;" in answer.text
    assert "<script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_tags_and_commits_have_pages(page_url: str, hub: LocalHub):
    head = HfApi(endpoint=hub.url, token="hf_alice").model_info("alice/page").sha

    for path in ("/tree/v1.0", f"/commit/{head}"):
        assert "Draw a cat" in httpx.get(page_url + path).text
    assert httpx.get(page_url + "/tree/nowhere").status_code == 404


def test_a_pull_request_has_a_page(hub: LocalHub):
    api = HfApi(endpoint=hub.url, token="hf_alice")
    repo = api.create_repo("alice/proposed").repo_id
    done = api.create_commit(
        repo,
        [CommitOperationAdd("a.txt", b"one <line>\n")],
        commit_message="Please",
        commit_description="It is **good**. <script>alert(1)</script>",
        create_pr=True,
    )
    text = httpx.get(done.pr_url or "").text

    for words in ("Please", "pull request", "+one &lt;line&gt;", done.oid[:7], "<strong>good</strong>"):
        assert words in text


def test_a_private_repository_shows_itself_after_log_in_and_takes_no_writes_from_a_browser(hub: LocalHub):
    HfApi(endpoint=hub.url, token="hf_alice").create_repo("alice/secret", private=True)
    page, signed_in = f"{hub.url}/alice/secret", ("alice", "hf_alice")

    assert httpx.get(page).status_code == 401
    assert "alice/secret" not in httpx.get(hub.url).text
    assert httpx.get(f"{hub.url}/_login").headers["www-authenticate"].startswith("Basic")
    assert httpx.get(f"{hub.url}/_login?next=//evil.org", auth=signed_in).headers["location"] == "/"
    assert "secret" in httpx.get(page, auth=signed_in).text
    assert "alice/secret" in httpx.get(hub.url, auth=signed_in).text
    refused = httpx.post(f"{hub.url}/api/repos/create", content='{"name": "x"}', auth=signed_in)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1519, "1.52 kB"), (4_265_000_000, "4.26 GB")]
)
def test_sizes_are_told_as_people_say_them(size: int, text: str):
    assert human_size(size) == text


@pytest.mark.parametrize(
    ("value", "text"), [(2.1358957288, "2.136"), (53.5677, "53.57"), (0.25, "0.25"), (77, "77"), ("n/a", "n/a")]
)
def test_scores_are_shown_as_one_reads_them(value: object, text: str):
    assert human_number(value) == text


def test_a_page_says_what_it_was_finetuned_from_once(hub: LocalHub):
    api = HfApi(endpoint=hub.url, token="hf_alice")
    repo = api.create_repo("alice/related").repo_id
    card = b"---\nbase_model: acme/base\nbase_model_relation: finetune\nlibrary_name: diffusers\n---\n"
    api.create_commit(repo, [CommitOperationAdd("README.md", card)], commit_message="Relate")
    api.create_discussion(repo, "A question", description="Why?")
    api.update_repo_settings(repo, gated="manual")
    text = httpx.get(f"{hub.url}/{repo}").text

    assert "<b>finetune of</b> acme/base" in text
    assert text.count("acme/base") == 1
    assert "DiffusionPipeline.from_pretrained(&#34;alice/related&#34;)" in text
    assert f'<a href="/{repo}/discussions/1">A question</a>' in text
    assert ">gated</li>" in text
