"""The ways of finetuning, by the `kind` of the recipe's `[method]` table."""

from typing import Final

from hubkit.methods.dreambooth import DreamBooth
from hubkit.methods.full import Full

METHODS: Final = {"full": Full, "dreambooth": DreamBooth}
