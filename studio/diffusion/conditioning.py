"""The protocol of a conditioner: what turns a prompt and a reference picture into embeddings."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor

from studio.diffusion.backbone import Conditioning


class Conditioner(Protocol):
    """Computes the embeddings that a backbone is conditioned on."""

    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        """Embeddings of a prompt and a picture [1, 3, H, W] in [-1, 1]."""


@runtime_checkable
class ReadsDolly(Protocol):
    """A conditioner that tells a dolly, for which the camera goes forward or back, from a zoom, which only magnifies."""

    def reads_dolly(self, prompt: str, style: str = "") -> bool:
        """Whether a prompt asks for a dolly, or the film's style does."""


@runtime_checkable
class ReadsApart(Protocol):
    """A conditioner that reads the film's style apart from a segment's prompt, and its cast not at all.

    Any other one is called with all three as one text, see `full_prompt`.
    """

    def read_apart(self, prompt: str, style: str, begins: bool, picture: Tensor) -> Conditioning:
        """Embeddings of a prompt, a style and a picture [1, 3, H, W] in [-1, 1].

        Args:
            prompt, style: what they say.
            begins: whether the film had another style before. A model that keeps light and weather is asked for them only then.
            picture: the reference.
        """
