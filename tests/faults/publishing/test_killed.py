"""Publishers are killed between any two of their requests: whoever reads sees the old release or the new, whole."""

import itertools
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest
from huggingface_hub import HfApi

from hubkit.localhub import LocalHub

from ...lossy import Lossy
from .conftest import REPO, Job, Publishers, Reader

KILLED = -signal.SIGKILL
When = Literal["before", "after"]
Counts = Callable[[str], bool]


def every(_: str) -> bool:
    return True


def writes(request: str) -> bool:
    """To be killed before the answer to a question is to be killed before the next request."""
    return not request.startswith(("GET ", "HEAD "))


@pytest.fixture
def publish(publishers: Publishers, proxy: Lossy) -> Callable[..., int]:
    """Publish, and be killed at the request of a number, before it arrives or before its answer does; how it ended."""

    def run(job: Job, number: int = 0, when: When = "before", counts: Counts = every) -> int:
        begun, requests, children = threading.Event(), itertools.count(1), []

        def kill(request: str) -> bool:
            begun.wait()
            if is_hit := counts(request) and next(requests) == number:
                os.kill(children[0], signal.SIGKILL)
            return is_hit

        setattr(proxy, when, kill)
        children += publishers.start(job)
        begun.set()
        [code] = publishers.ended()
        setattr(proxy, when, lambda _: False)
        return code

    return run


def test_a_reader_sees_the_old_release_or_the_new(
    hub_server: LocalHub, publishers: Publishers, publish: Callable[..., int], reader: Reader, make: Callable[..., Job]
):
    """Each publish is killed at one request and started again, until every request had its turn; staged ones too."""
    api = HfApi(endpoint=hub_server.url, token=False)
    head, kills, jobs = None, 0, itertools.count(1)
    with reader:
        for when, counts, stage in (("before", every, False), ("after", writes, False), ("before", writes, True)):
            for number in itertools.count(1):
                job = replace(make(next(jobs), head), stage=stage)
                if killed := publish(job, number, when, counts) == KILLED:
                    kills += 1
                assert (publish(job), reader.error) == (0, None), publishers.words
                head = str(api.model_info(REPO).sha)
                assert {ref.name: ref.target_commit for ref in api.list_repo_refs(REPO).tags}[job.tag] == head
                if not killed:
                    break

    released = next(jobs) - 1
    assert kills >= 30
    assert reader.looks > kills
    assert reader.released == sorted(reader.released, key=lambda tag: int(f"0{tag}".split(".")[1]) if tag else 0)
    assert reader.released[-1] == f"v0.{released}.0"
    assert len(reader.tagged) == released
    assert len(api.list_repo_commits(REPO)) == 1 + released, "no release was committed twice"
