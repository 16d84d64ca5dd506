"""`python -m hubkit.recipe schema` and `… reference` print what the repository keeps of them."""

import json
import sys

from hubkit.recipe.reference import reference
from hubkit.recipe.schema import schema

WRITTEN = {"schema": lambda: json.dumps(schema(), indent=2) + "\n", "reference": reference}

if __name__ == "__main__":
    sys.stdout.write(WRITTEN[sys.argv[1]]())
