"""What is decided before any GPU, in the workflows themselves; and the action for other repositories."""

import pytest

TAG = "refs/tags/models/quickstart/v0.1.0"

USES_IT = """
name: other
on: workflow_dispatch
permissions: {}
jobs:
  publish:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: {}
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
      - uses: ./
        id: hubkit
        continue-on-error: true
        with:
          recipe: recipes/quickstart.toml
          set: |
            training.steps=-1
            name=$(touch pwned)
      - env:
          CODE: ${{ steps.hubkit.outputs.exit-code }}
        run: |
          hubkit schema > schema.json
          echo "ended with $CODE"
          [ ! -e pwned ]
"""


def test_a_changed_recipe_is_planned_and_others_are_not(act, checkout):
    """From a push to main; the matrix is what the next job gets."""
    before = checkout.head
    recipe = checkout.folder / "recipes" / "quickstart.toml"
    recipe.write_text(recipe.read_text().replace("steps = 6", "steps = 7"))
    naruto = checkout.folder / "recipes" / "naruto.toml"
    naruto.write_text(naruto.read_text() + "# a comment\n")
    checkout.commit()
    ran = act("push", {"before": before, "after": checkout.head}, job="plan")

    assert 0 == ran.code, ran.log
    assert '::set-output:: matrix={"include": [{"recipe": "recipes/quickstart.toml"' in ran.log
    assert "recipes/naruto.toml" not in ran.job("Plan")


@pytest.mark.parametrize("name", ["$(touch pwned)", "a'; touch pwned; '", "x\n::add-mask::y"])
def test_a_hostile_file_name_ends_at_the_plan(act, checkout, name):
    """It is told, quoted; no shell sees it, no job after it starts."""
    before = checkout.head
    checkout.write(f"recipes/{name}.toml", (checkout.folder / "recipes" / "quickstart.toml").read_text())
    checkout.commit()
    ran = act("push", {"before": before, "after": checkout.head}, job="publish")

    assert 1 == ran.code
    assert "error[HK240]: recipe cannot be" in ran.log
    assert "Train" not in ran.log
    assert not list(checkout.folder.parent.rglob("pwned"))
    assert "::add-mask::" not in ran.log.replace("\\n::add-mask::", "")


def test_keyless_publishing_to_a_repo_that_is_not_there_ends_at_the_plan(act, checkout):
    """Before hours of GPU, with what to do once."""
    ran = act(
        "push", {"after": checkout.head}, ref=TAG, job="publish", variables={"HF_AUTH": "", "HF_NAMESPACE": "new"}
    )

    assert 1 == ran.code
    assert "hf repos create new/mini-ninja" in ran.log
    assert "Train" not in ran.log


def test_others_use_it_as_an_action(act, checkout):
    """The command is there for the steps that follow; a run that failed tells its exit code; inputs are data."""
    checkout.write(".github/workflows/other.yml", USES_IT)
    checkout.commit()
    ran = act("workflow_dispatch", {}, workflow="other.yml")

    assert 0 == ran.code, ran.log
    assert "ended with 2" in ran.log
    assert "training.steps = -1" in ran.log
