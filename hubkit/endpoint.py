"""Which Hub this process talks to. Settled before anything imports huggingface_hub, which reads its environment once.

The order: what was typed (`--hub`), then `HF_ENDPOINT`, then the recipe's `hub`. A recipe that means the Hub never
falls back to the local one.
"""

import os
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hubkit.errors import RecipeError
from hubkit.hub.addresses import LOOPBACK
from hubkit.progress import say

OVERRULES: Final = (
    "HF_HUB_CACHE",
    "HF_XET_CACHE",
    "HF_DATASETS_CACHE",
    "HF_ASSETS_CACHE",
    "HF_TOKEN_PATH",
    "HF_OIDC_RESOURCE",
    "HUGGINGFACE_HUB_CACHE",
    "HUGGINGFACE_ASSETS_CACHE",
)
"""Would point the clients past the local mode's own `HF_HOME` and token."""


def home() -> Path:
    """Where hubkit keeps what outlives a run: `HUBKIT_HOME`, or `hubkit` in the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("HUBKIT_HOME") or Path(cache) / "hubkit")


def settle(typed: str | None, recipe: str | None) -> bool:
    """Point the Hub's clients where they should look; True when that is the local Hub. Raises RecipeError for an
    unsafe address.
    """
    if "huggingface_hub" in sys.modules:
        raise RuntimeError("huggingface_hub was imported before its endpoint was settled")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    if typed == "local" or (typed is None and "HF_ENDPOINT" not in os.environ and recipe == "local"):
        go_local(home() / "local-hub")
        return True
    address = typed or os.environ.get("HF_ENDPOINT")
    if address:
        check_address(address)
        os.environ["HF_ENDPOINT"] = address.rstrip("/")
    return False


def check_address(address: str) -> None:
    """A token is only ever sent over https, or to this very machine."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise RecipeError(
            f"--hub {address[:80]!r}: must be 'local', an https:// address, or http:// on this machine",
            help="a token would travel in the clear",
        )


def go_local(store: Path) -> None:
    """Start the local Hub, or find the one that runs, with the miniature world in it; and keep this process to it.

    The local mode has its own client cache and its own token: a stand-in under a real id never reaches the user's
    cache, and the user's token
    is never sent.
    """
    from hubkit import localhub

    server = localhub.ensure(store)
    for name in OVERRULES:
        os.environ.pop(name, None)
    bypass = [*filter(None, [os.environ.get("NO_PROXY")]), "127.0.0.1", "localhost"]
    os.environ |= {
        "HF_ENDPOINT": server.url,
        "HF_HOME": str(store.parent / "local-home"),
        "HF_TOKEN": server.token,
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": ",".join(bypass),
        "no_proxy": ",".join(bypass),
    }
    from hubkit import hub, miniature

    say(f"local Hub at {server.url}, kept in {store}")
    miniature.seed_hub(hub.api(server.admin_token))
