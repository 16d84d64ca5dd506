"""Several publish at once what they described for the same head: one of them wins, and the others leave nothing."""

import threading
from collections.abc import Callable

from huggingface_hub import HfApi

from hubkit.localhub import LocalHub

from ...lossy import Lossy
from .conftest import REPO, Job, Publishers, whole

CONFLICT = 9


def test_of_four_one_wins(
    hub_server: LocalHub, publishers: Publishers, proxy: Lossy, make: Callable[..., Job], tmp_path
):
    """Their commits arrive together. Three end with exit code 9, and nothing of theirs is on main or in a tag."""
    api = HfApi(endpoint=hub_server.url, token=False)
    publishers.start(make(1, None))
    assert publishers.ended() == [0]
    head = str(api.model_info(REPO).sha)
    together = threading.Barrier(4)

    def hold(request: str) -> bool:
        if "/commit/" in request:
            together.wait(60)
        return False

    proxy.before = hold
    publishers.start(*(make(number, head) for number in (2, 3, 4, 5)))
    codes = publishers.ended()

    assert sorted(codes) == [0, *[CONFLICT] * 3], publishers.words
    won = f"v0.{codes.index(0) + 2}.0"
    now = str(api.model_info(REPO).sha)
    assert whole(api, now, tmp_path / "reader") == won
    assert {ref.name: ref.target_commit for ref in api.list_repo_refs(REPO).tags} == {"v0.1.0": head, won: now}
    assert len(api.list_repo_commits(REPO)) == 3
