"""The places to publish to, by the `kind` of the recipe's `[publish]` table."""

from typing import Final

from hubkit.targets.folder import FolderTarget
from hubkit.targets.hub import HubTarget

TARGETS: Final = {"folder": FolderTarget, "hub": HubTarget}
