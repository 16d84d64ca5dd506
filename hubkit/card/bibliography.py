"""The papers behind methods and metrics, as BibTeX has them."""

from collections.abc import Iterable, Mapping
from typing import Final

ENTRIES: Final[Mapping[str, str]] = {
    "https://arxiv.org/abs/2112.10752": r"""
@inproceedings{rombach2022ldm,
  title = {High-Resolution Image Synthesis with Latent Diffusion Models},
  author = {Rombach, Robin and Blattmann, Andreas and Lorenz, Dominik and Esser, Patrick and Ommer, Bj{\"o}rn},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2022}
}""",
    "https://arxiv.org/abs/2208.12242": r"""
@inproceedings{ruiz2023dreambooth,
  title = {{DreamBooth}: Fine Tuning Text-to-Image Diffusion Models for Subject-Driven Generation},
  author = {Ruiz, Nataniel and Li, Yuanzhen and Jampani, Varun and Pritch, Yael and Rubinstein, Michael and
    Aberman, Kfir},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2023}
}""",
    "https://arxiv.org/abs/2104.08718": r"""
@inproceedings{hessel2021clipscore,
  title = {{CLIPScore}: A Reference-free Evaluation Metric for Image Captioning},
  author = {Hessel, Jack and Holtzman, Ari and Forbes, Maxwell and Le Bras, Ronan and Choi, Yejin},
  booktitle = {Proceedings of the 2021 Conference on Empirical Methods in Natural Language Processing},
  year = {2021}
}""",
    "https://arxiv.org/abs/1801.01401": r"""
@inproceedings{binkowski2018kid,
  title = {Demystifying {MMD} {GAN}s},
  author = {Bi{\'n}kowski, Miko{\l}aj and Sutherland, Danica J. and Arbel, Michael and Gretton, Arthur},
  booktitle = {International Conference on Learning Representations},
  year = {2018}
}""",
    "https://arxiv.org/abs/1706.08500": r"""
@inproceedings{heusel2017fid,
  title = {{GAN}s Trained by a Two Time-Scale Update Rule Converge to a Local {Nash} Equilibrium},
  author = {Heusel, Martin and Ramsauer, Hubert and Unterthiner, Thomas and Nessler, Bernhard and Hochreiter, Sepp},
  booktitle = {Advances in Neural Information Processing Systems},
  year = {2017}
}""",
    "https://arxiv.org/abs/2004.05675": r"""
@inproceedings{meehan2020copying,
  title = {A Non-Parametric Test to Detect Data-Copying in Generative Models},
  author = {Meehan, Casey and Chaudhuri, Kamalika and Dasgupta, Sanjoy},
  booktitle = {International Conference on Artificial Intelligence and Statistics},
  year = {2020}
}""",
    "https://arxiv.org/abs/1801.03924": r"""
@inproceedings{zhang2018lpips,
  title = {The Unreasonable Effectiveness of Deep Features as a Perceptual Metric},
  author = {Zhang, Richard and Isola, Phillip and Efros, Alexei A. and Shechtman, Eli and Wang, Oliver},
  booktitle = {Proceedings of the IEEE/CVF Conference on Computer Vision and Pattern Recognition},
  year = {2018}
}""",
    "https://arxiv.org/abs/2210.04610": r"""
@misc{rando2022redteaming,
  title = {Red-Teaming the {Stable Diffusion} Safety Filter},
  author = {Rando, Javier and Paleka, Daniel and Lindner, David and Heim, Lennart and Tram{\`e}r, Florian},
  year = {2022},
  eprint = {2210.04610},
  archivePrefix = {arXiv}
}""",
}
"""By the addresses that methods and metrics give."""


def bibtex(papers: Iterable[str]) -> str:
    """The entries of those papers that have one, in their order."""
    return "\n\n".join(ENTRIES[paper].strip() for paper in papers if paper in ENTRIES)
