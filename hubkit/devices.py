"""The device this process computes on."""

import gc


def device() -> str:
    """'cuda' where there is a GPU, 'cpu' otherwise."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def free() -> None:
    """Give back what nothing refers to any more: another process may be about to need the GPU."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
