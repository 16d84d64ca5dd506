"""A publish that is killed, again and again, each time one request later: the Hub never shows half a model."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from hubkit import hub
from hubkit.publishing import Release

from .conftest import Lossy

PUBLISH = """
import sys
from collections.abc import Callable
from pathlib import Path
from hubkit.publishing import Release
from hubkit.targets.hub import HubTarget

release = Release.load(Path(sys.argv[1]))
HubTarget(kind="hub", verify="hashes", tag="v2").publish(release)
"""


def test_a_killed_publish_leaves_the_old_release_or_the_new(
    lossy: Lossy, release: Release, released: Callable[..., Release], tmp_path: Path
):
    """Killed with SIGKILL at its 1st, 2nd, 3rd … write; the last, unharmed run ends with one commit and a tag."""
    old = {"README.md": b"---\nlicense: mit\n---\n# old\n", "old/model.safetensors": bytes(range(256)) * 99}
    before = hub.put_repo("alice/tiny", "model", old, "old")
    release = released(release.folder, on=before)
    release.save(tmp_path / "release.json", "a test")
    environment = os.environ | {"HF_ENDPOINT": lossy.url, "HF_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
    seen, kills = set(), 0
    while True:
        command = [sys.executable, "-c", PUBLISH, str(tmp_path / "release.json")]
        publisher = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        kills += 1
        left = [kills]

        def kill(_: str, left: list[int] = left, publisher: subprocess.Popen[str] = publisher) -> bool:
            left[0] -= 1
            if left[0] == 0:
                publisher.send_signal(signal.SIGKILL)
            return left[0] <= 0

        lossy.after = kill
        _, words = publisher.communicate(timeout=120)
        lossy.after = lambda _: False
        head = str(hub.head("alice/tiny"))
        seen.add(head)
        changed, stale = hub.difference(old if head == before else release.files, hub.tree("alice/tiny", head))
        assert (changed, stale) == ({}, ())
        assert hub.tags("alice/tiny") in ({}, {"v2": head})
        if publisher.returncode != -signal.SIGKILL:
            break

    assert publisher.returncode == 0, words
    assert kills > 3
    assert len(seen) == 2
    assert hub.tags("alice/tiny") == {"v2": head}
    assert len(hub.api().list_repo_commits("alice/tiny")) == 3
