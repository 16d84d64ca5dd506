"""A Hub in one process, over a folder: unmodified clients talk to it through `HF_ENDPOINT`.

    from hubkit import localhub
    hub = localhub.ensure(Path("store"))                # hub.url, hub.token
    with localhub.running(Path("store")) as hub: ...    # for tests
    localhub.preview(Path("folder"), started=print)     # one folder, as the page that it would be

It imports nothing else of hubkit, nor huggingface_hub; and importing it imports no server yet.
"""

from hubkit.localhub.accounts import TokenFileError
from hubkit.localhub.errors import HubError
from hubkit.localhub.faults import Fault, Faults
from hubkit.localhub.folders import FolderError
from hubkit.localhub.lifecycle import DEFAULT_PORT, LocalHub, ensure, import_folder, preview, previewing, running, serve

__all__ = [
    "DEFAULT_PORT",
    "Fault",
    "Faults",
    "FolderError",
    "HubError",
    "LocalHub",
    "TokenFileError",
    "ensure",
    "import_folder",
    "preview",
    "previewing",
    "running",
    "serve",
]
