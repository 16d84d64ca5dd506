"""A bug of ours: the traceback goes into a file, without anything that looks like a token."""

import os
import re
import tempfile
import traceback
from pathlib import Path
from typing import Final

SECRET_NAMES: Final = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_OIDC_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
TOKEN: Final = re.compile(r"hf_[A-Za-z0-9_]{10,}")


def report() -> Path:
    """Write the traceback that is being handled to a new file; its path."""
    folder = Path("runs") if Path("runs").is_dir() else Path(tempfile.gettempdir())
    descriptor, name = tempfile.mkstemp(prefix="crash-", suffix=".txt", dir=folder, text=True)
    with os.fdopen(descriptor, "w") as file:
        file.write(redacted(traceback.format_exc()))
    return Path(name)


def redacted(text: str) -> str:
    """`text` without the values of the environment's secrets and without tokens."""
    for name in SECRET_NAMES:
        if secret := os.environ.get(name):
            text = text.replace(secret, "[redacted]")
    return TOKEN.sub("[redacted]", text)
