"""hubkit: one recipe, one command, one published image model."""

__version__ = "0.1.0"
