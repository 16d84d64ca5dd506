"""The demo Space of a published model: a page that draws a prompt with the base and with the finetuned model.

`read` learns from a release what the demo needs; `files` are the Space's own, `write` puts them into a folder and
`push` into a Space on the Hub. `app.py` is the program a Space runs: it is shipped as it stands, and what differs from
model to model is in the `demo.json` beside it, so no text of a stranger ever becomes code.
"""

from hubkit.space.demo import Demo, read
from hubkit.space.files import files, write
from hubkit.space.pushing import address, push

__all__ = ["Demo", "address", "files", "push", "read", "write"]
