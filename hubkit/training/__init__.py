"""train: the one training loop, and what a method must offer it.

`Training` is the recipe's `[training]` table; `TrainedModel` is what the later stages see. The loop itself,
`hubkit.training.loop.train`, is
imported by whoever trains: it needs torch.
"""

from hubkit.training.settings import LOSSES_AVERAGED, Ema, Method, Trained, TrainedModel, Training

__all__ = ["LOSSES_AVERAGED", "Ema", "Method", "Trained", "TrainedModel", "Training"]
