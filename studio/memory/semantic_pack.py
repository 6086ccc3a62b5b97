"""SemanticPack, the long-term memory of MemoryPack (2510.01784), re-implemented from the paper.

    psi_{n+1} = Squeeze(psi_n, Memorize(x^n)),    psi_0 = [prompt feature; reference-image feature]        (equation 1)

x^n is the n-th segment of the film, psi_n the memory when it is made. One segment goes in per update, so an update costs the same
in the second section and in the two hundredth. The paper has no public code. What it leaves open is our choice: widths, patches,
windows, tokens per window, norms, residuals.

Letters: B batch; C latent channels; T, h, w latent frames, height, width; t, y, x the same counted in patches; N attention windows;
P patches in a window; K tokens that a window is pooled to; M memory tokens; D width of the backbone's context stream; L text
tokens; S image tokens.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from studio.memory.attention import Attention, Block
from studio.memory.pooling import pool_image, pool_text
from studio.memory.protocol import ConditioningFeatures, SectionRows
from studio.memory.scene_map import MapSqueeze
from studio.memory.semantic_pack_config import SemanticPackConfig
from studio.memory.snapshot_reader import SnapshotReader, find_sections, split_sections

FREQUENCIES = 8
"""Frequencies of the position encoding, per axis."""
LONGEST_PERIOD = 256.0
"""Patches in the longest period."""


class Memorize(nn.Module):
    """Memorize: self-attention within windows of a segment, then a few pooled tokens per window as its compact embedding."""

    def __init__(self, config: SemanticPackConfig) -> None:
        """Random weights."""
        super().__init__()
        self.config = config
        self.patches = nn.Linear(config.channels * math.prod(config.patch), config.width)
        self.places = nn.ModuleList(nn.Linear(2 * FREQUENCIES, config.width) for _ in range(3))     # of t, y, x
        self.blocks = nn.ModuleList(Block(config.width, config.heads, config.hidden) for _ in range(config.layers))

    def forward(self, latents: Tensor) -> Tensor:
        """Memorize(x): latents [B, C, T, h, w] to tokens [B, M, D], M = N K, window by window.

        Latents are padded by repetition to whole windows, as FramePack pads its own.
        """
        tokens = self._windows(latents)                                # [B, N, P, D]
        b = len(tokens)
        tokens = tokens.flatten(0, 1)                                  # [B N, P, D]: attention stays within a window
        for block in self.blocks:
            tokens = block(tokens)
        return self._pool(tokens).unflatten(0, (b, -1)).flatten(1, 2)  # [B, N, K, D] -> [B, M, D]

    def tokens(self, section: Sequence[int]) -> int:
        """M, the tokens of a section with latents of shape [B, C, T, h, w]."""
        sizes = zip(section[2:], self.config.patch, self.config.window, strict=True)
        return math.prod(-(-size // (patch * window)) for size, patch, window in sizes) * math.prod(self.config.keep)

    def _windows(self, latents: Tensor) -> Tensor:
        """Latents [B, C, T, h, w] as patch embeddings with position encodings, by window: [B, N, P, D]."""
        (pt, py, px), (wt, wy, wx) = self.config.patch, self.config.window
        missing = [-size % (p * w) for size, p, w in zip(latents.shape[2:], (pt, py, px), (wt, wy, wx), strict=True)]
        x = latents.to(self.patches.weight)
        if any(missing):
            x = F.pad(x, (0, missing[2], 0, missing[1], 0, missing[0]), mode="replicate")
        x = x.unflatten(4, (-1, wx, px)).unflatten(3, (-1, wy, py)).unflatten(2, (-1, wt, pt))
        # [B, C, nt, wt, pt, ny, wy, py, nx, wx, px] -> [B, nt, ny, nx, wt, wy, wx, C, pt, py, px]: N = nt ny nx, P = wt wy wx
        x = x.permute(0, 2, 5, 8, 3, 6, 9, 1, 4, 7, 10)
        tokens = self.patches(x.flatten(7))                            # [B, nt, ny, nx, wt, wy, wx, D]
        for axis, (count, size) in enumerate(zip(x.shape[1:4], x.shape[4:7], strict=True)):
            shape = [1] * 6
            shape[axis], shape[axis + 3] = count, size
            tokens = tokens + self.places[axis](_encode_indices(count * size, tokens)).view(*shape, -1)
        return tokens.flatten(4, 6).flatten(1, 3)

    def _pool(self, tokens: Tensor) -> Tensor:
        """Tokens of windows [., P, D] as means over K equal parts of the window, [., K, D]."""
        (wt, wy, wx), (kt, ky, kx) = self.config.window, self.config.keep
        parts = tokens.unflatten(1, (kt, wt // kt, ky, wy // ky, kx, wx // kx))
        return parts.mean(dim=(2, 4, 6)).flatten(1, 3)


class Squeeze(nn.Module):
    """Squeeze: cross-attention that takes a segment into the memory, in the three structures of the paper's appendix (figure 6).

    A (the paper's choice): queries from Memorize(x^n), keys and values from psi_n. Each new token asks the old memory.
    B: queries from psi_n, keys and values from Memorize(x^n).
    C: as B, with the tokens of the film's first window beside those of psi_0. (First of the attention's windows: our reading.)

    As printed (`literal`), A cannot write what is new: its output is a mean of V(psi_n), weighted per head, and x^n only sets the
    weights. So the default is ours: Wan's block around the same attention, with its residual and feed-forward. A norm after it
    keeps psi at one scale however often it is squeezed.
    """

    def __init__(self, config: SemanticPackConfig) -> None:
        """Random weights."""
        super().__init__()
        self.config = config
        if config.literal:
            self.attention = Attention(config.width, config.heads)
        else:
            self.block = Block(config.width, config.heads, config.hidden)
            self.norm = nn.LayerNorm(config.width)

    def forward(self, psi: Tensor, segment: Tensor) -> Tensor:
        """psi_{n+1} from psi_n [B, M, D] and Memorize(x^n) [B, M', D]: [B, M', D] in structure A, as many tokens as psi_n in B."""
        queries, source = self._roles(psi, segment)
        return self.attention(queries, source) if self.config.literal else self.norm(self.block(queries, source))

    def _roles(self, psi: Tensor, segment: Tensor) -> tuple[Tensor, Tensor]:
        """(queries, keys and values) of the attention, by the structure."""
        if self.config.structure == "A":
            return segment, psi
        if self.config.structure == "C" and psi.shape[1] == self.config.first_tokens(0, 0):
            psi = torch.cat([psi, segment[:, :math.prod(self.config.keep)]], dim=1)
        return psi, segment


class SemanticPack(nn.Module):
    """psi_{n+1} = Squeeze(psi_n, Memorize(x^n)) (equation 1)."""

    holds_places = False

    def __init__(self, config: SemanticPackConfig) -> None:
        """Random weights; see `adapter.load_adapter` for trained ones."""
        super().__init__()
        self.config = config
        self.memorize = Memorize(config)
        self.squeeze = MapSqueeze(config.width, config.heads, config.slots) if config.structure == "map" else Squeeze(config)
        if config.readable:
            self.reader = SnapshotReader(config.width, config.heads, config.hidden, config.readable, config.most)
        if not config.zero_start and config.structure != "map":
            self.prompt = nn.Sequential(nn.LayerNorm(config.text), nn.Linear(config.text, config.width))
            self.reference = nn.Sequential(nn.LayerNorm(config.image), nn.Linear(config.image, config.width))
            self.norm = nn.LayerNorm(config.width)

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """psi_0 = [prompt feature; reference-image feature], [B, M, D].

        Both are pooled, to `text_tokens` and `image_side`^2 tokens, so that prompts of any length give the same number.
        A map is empty at first: it holds only what finished sections have shown.

        Raises:
            ValueError: features of other widths, image tokens that are no square, or (with all text tokens kept) prompts of
                different lengths in one batch.
        """
        like = self.memorize.patches.weight
        text, image = conditioning.text.to(like), conditioning.image.to(like)
        for what, found, wanted in (("prompt", text, self.config.text), ("image", image, self.config.image)):
            if found.shape[2] != wanted:
                raise ValueError(f"the {what} features are {found.shape[2]} wide, this memory was made for {wanted}")
        if isinstance(self.squeeze, MapSqueeze):
            return self.squeeze.empty_maps(len(text))
        text = pool_text(text, conditioning.mask.to(like.device), self.config.text_tokens)
        image = pool_image(image, self.config.image_side)
        if self.config.zero_start:
            return like.new_zeros(len(text), text.shape[1] + image.shape[1], self.config.width)
        return self.norm(torch.cat([self.prompt(text), self.reference(image)], dim=1))

    @property
    def appends(self) -> bool:
        """Whether psi keeps the psi of all sections: [psi_0 | psi_1 | ... | psi_n]."""
        return bool(self.config.readable)

    def read(self, psi: Tensor, section: Sequence[int]) -> Tensor:
        """What a section with latents [B, C, T, h, w] is given: psi_n itself, or R = `readable` tokens of all psi, [B, R, D].

        Raises:
            ValueError: psi is not that of sections of this shape.
        """
        if not self.config.readable:
            return psi
        first = self.config.first_tokens(0, 0)
        read: Tensor = self.reader(psi.to(self.memorize.patches.weight), first, self.memorize.tokens(section))
        return read

    @property
    def selects(self) -> bool:
        """See `SelectsSections`."""
        return self.appends

    def newest_sections(self, psi: Tensor, section: Sequence[int], count: int) -> SectionRows:
        """See `SelectsSections`. Raises ValueError: psi is not that of sections of this shape."""
        _, after = split_sections(psi, self.config.first_tokens(0, 0), self.memorize.tokens(section))
        kept = after[0, max(0, after.shape[1] - count) :]
        return SectionRows(kept, after.shape[1] - len(kept))

    def read_selected(
        self, psi: Tensor, section: Sequence[int], pinned: Sequence[SectionRows], forgotten: Sequence[SectionRows]
    ) -> Tensor:
        """See `SelectsSections`. Raises ValueError: psi is not that of sections of this shape, or of several films."""
        first, each = self.config.first_tokens(0, 0), self.memorize.tokens(section)
        if len(psi) != 1:
            raise ValueError(f"sections are selected for one film at a time, not for {len(psi)}")
        choice = find_sections(split_sections(psi, first, each)[1][0], pinned, forgotten)
        read: Tensor = self.reader(psi.to(self.memorize.patches.weight), first, each, choice)
        return read

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """Equation 1: psi_{n+1} from psi_n [B, M, D] and x^n, latents [B, C, T, h, w].

        Raises:
            ValueError: psi or latents of another model.
        """
        if psi.shape[2] != self.config.width or latents.shape[1] != self.config.channels:
            raise ValueError(
                f"A memory {psi.shape[2]} wide and latents of {latents.shape[1]} channels do not fit this SemanticPack, made for "
                f"{self.config.width} and {self.config.channels}. Continue with the memory that the film was begun with, or rewind."
            )
        updated: Tensor = self(psi, latents)
        return updated

    def view(self, psi: Tensor, recent: Tensor) -> None:
        """None: the tokens of psi are features, not places, and cannot be shown."""

    def forward(self, psi: Tensor, latents: Tensor) -> Tensor:
        """`update` without its checks."""
        psi, segment = psi.to(self.memorize.patches.weight), self.memorize(latents)
        if not self.config.readable:
            return self.squeeze(psi, segment)
        first, each = self.config.first_tokens(0, 0), segment.shape[1]
        newest = psi if psi.shape[1] == first else psi[:, -each:]
        return torch.cat([psi, self.squeeze(newest, segment)], dim=1)


def _encode_indices(count: int, like: Tensor) -> Tensor:
    """Sines and cosines of the indices 0, 1, ..., count - 1, [count, 2 FREQUENCIES]."""
    periods = 2 * (LONGEST_PERIOD / 2) ** (torch.arange(FREQUENCIES, device=like.device) / (FREQUENCIES - 1))
    angles = 2 * math.pi * torch.arange(count, device=like.device)[:, None] / periods
    return torch.cat([angles.sin(), angles.cos()], dim=1).to(like)
