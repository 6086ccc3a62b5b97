"""The arms of the bench: one denoiser, and a memory of each kind with as many parameters.

A memory's feed-forward is made as wide as it takes for the network to have `PARAMETERS` in all; window and full history keep what
they need, since they are floor and ceiling, and the encoder's low branch alone has next to none.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from studio.backbones.panorama.denoiser import Context, Denoiser, DenoiserConfig
from studio.backbones.panorama.places import FRAMES, SIDE, SITUATION, TOKENS, Places, in_patches, place_features, to_tokens
from studio.lab.panorama.films import Films, Pose
from studio.lab.panorama.history_encoder import HistoryEncoder, LargePatchifier
from studio.memory.dead_reckoning import DeadReckoning
from studio.memory.delta_rule import DeltaRule
from studio.memory.full_history import FullHistory
from studio.memory.gated_slots import GatedSlots
from studio.memory.learned import LearnedMemory, Question, Readings, SectionTokens
from studio.memory.retrieval import Retrieval
from studio.memory.squeezed import PROMPT, ReadableSnapshots, SqueezedMemory
from studio.memory.squeezed import SIDE as PICTURE_SIDE

PARAMETERS = 1_550_000
"""Of the whole network."""


@dataclass(frozen=True)
class Shape:
    """What a memory must fit."""

    width: int
    heads: int
    places: int     # features of a place
    hidden: int     # inner width of the memory's feed-forwards
    clean: nn.Linear    # the denoiser's first projection of clean tokens


MEMORIES: dict[str, Callable[[Shape], LearnedMemory]] = {
    "full": lambda s: FullHistory(s.width, s.heads, s.hidden),
    "full-exact": lambda s: FullHistory(s.width, s.heads, s.hidden, "exact copies"),
    "retrieval": lambda s: Retrieval(s.width, s.heads, s.hidden, s.places, SIDE * SIDE),
    "delta": lambda s: DeltaRule(s.width, s.heads, s.hidden, s.places),
    "delta-long": lambda s: DeltaRule(s.width, s.heads, s.hidden, s.places, 128, 32),
    "delta-copies": lambda s: DeltaRule(s.width, s.heads, s.hidden, s.places, 128, 32, "copies"),
    "delta-exact": lambda s: DeltaRule(s.width, s.heads, s.hidden, s.places, 128, 32, "exact copies"),
    "delta-reckoned": lambda s: DeadReckoning(
        s.width, FRAMES, *in_patches(), lambda places: DeltaRule(s.width, s.heads, s.hidden, places)),
    "delta-exact-reckoned": lambda s: DeadReckoning(
        s.width, FRAMES, *in_patches(), lambda places: DeltaRule(s.width, s.heads, s.hidden, places, 128, 32, "exact copies")),
    "snapshots-reckoned": lambda s: DeadReckoning(
        s.width, FRAMES, *in_patches(), lambda places: ReadableSnapshots(s.width, s.heads, s.hidden, TOKENS)),
    "snapshots": lambda s: ReadableSnapshots(s.width, s.heads, s.hidden, TOKENS),
    "snapshots-copies": lambda s: ReadableSnapshots(s.width, s.heads, s.hidden, TOKENS, "copies"),
    "snapshots-exact": lambda s: ReadableSnapshots(s.width, s.heads, s.hidden, TOKENS, "exact copies"),
    "encoder": lambda s: HistoryEncoder(s.width, s.heads, s.hidden, s.clean),
    "encoder-time": lambda s: HistoryEncoder(s.width, s.heads, s.hidden, s.clean, (2, 2, 2)),
    "encoder-high": lambda s: HistoryEncoder(s.width, s.heads, s.hidden, s.clean, branches="high"),
    "encoder-low": lambda s: HistoryEncoder(s.width, s.heads, s.hidden, s.clean, branches="low"),
    "patchifier": lambda s: LargePatchifier(s.width, s.heads, s.hidden),
    "slots": lambda s: GatedSlots(s.width, s.heads, s.hidden, TOKENS),
    "A": lambda s: SqueezedMemory(s.width, s.heads, s.hidden, TOKENS),
    "A-literal": lambda s: SqueezedMemory(s.width, s.heads, s.hidden, TOKENS, literal=True),
    "B": lambda s: SqueezedMemory(s.width, s.heads, s.hidden, TOKENS, "B"),
    "C": lambda s: SqueezedMemory(s.width, s.heads, s.hidden, PROMPT + PICTURE_SIDE**2, "C"),
}
"""Every arm with a memory. `window` has none."""
ARMS = ("window", *MEMORIES)
UNEQUAL = ("window", "full", "full-exact", "encoder-low")
WIDEST = 2000
"""Feed-forward that is tried, at most."""


class Network(nn.Module):
    """A denoiser and its memory."""

    def __init__(self, arm: str, config: DenoiserConfig, pose: Pose) -> None:
        """Random weights; the denoiser's are the same in all arms of a seed.

        Raises:
            KeyError: no such arm.
        """
        super().__init__()
        self.arm, self.pose = arm, pose
        self.denoiser = Denoiser(config)
        self.memory = None if arm == "window" else _make_memory(arm, config, pose, self.denoiser)

    def newest(self, films: Films) -> Context:
        """The section before each section, clean; there is none before the first."""
        embedded = self.denoiser.embed(films.tokens, films.places)
        tokens = torch.cat([torch.zeros_like(embedded[:, :1]), embedded[:, :-1]], dim=1)
        seen = torch.ones(1, *tokens.shape[1:3], dtype=torch.bool, device=tokens.device)
        seen[:, 0] = False
        return Context(tokens, seen)

    def read_memory(self, films: Films, frames: Tensor, asked: Places, kept: Tensor | None = None) -> Context | None:
        """What each section reads of a memory that was written from frames [B, N, T, 3, V, V].

        Args:
            films: where those frames were taken.
            frames: of these films, of others, or with noise.
            asked: the places in flight, [B, N, Q, .].
            kept: [B] bool, which films have a memory at all; None: all.
        """
        if self.memory is None:
            return None
        placed = self.denoiser.place(films.places.features)
        tokens, latents = self.denoiser.clean(to_tokens(frames)) + placed, frames.flatten(0, 1).transpose(1, 2)
        sections = SectionTokens(latents, tokens.flatten(0, 1), placed.flatten(0, 1), self.key(films.places).flatten(0, 1))
        question = Question(self.denoiser.place(asked.features), self.key(asked))
        readings = self.memory.read_along(sections, question)
        return Context(readings.tokens, _seen(readings, frames.shape[1], kept))

    def key(self, places: Places) -> Tensor:
        """What memories are asked by: the place; where it is not known, what else is."""
        return places.situation if self.pose == "blind" else places.known


def _seen(readings: Readings, sections: int, kept: Tensor | None) -> Tensor | None:
    if kept is None:
        return None if readings.seen is None else readings.seen[None]
    every = torch.ones(sections, readings.tokens.shape[2], dtype=torch.bool, device=readings.tokens.device)
    return (every if readings.seen is None else readings.seen)[None] & kept[:, None, None]


def _make_memory(arm: str, config: DenoiserConfig, pose: Pose, denoiser: Denoiser) -> LearnedMemory:
    """The arm's memory, with the feed-forward that brings the network to PARAMETERS."""
    places = SITUATION if pose == "blind" else place_features(config.harmonics)

    def make(hidden: int) -> LearnedMemory:
        return MEMORIES[arm](Shape(config.width, config.heads, places, hidden, denoiser.clean))

    if arm in UNEQUAL:
        return make(2 * config.width)
    return make_of_size(make, PARAMETERS - count_parameters(denoiser))


def make_of_size(make: Callable[[int], LearnedMemory], parameters: int) -> LearnedMemory:
    """The memory that `make` makes with the feed-forward whose width, up to WIDEST, brings it nearest to so many parameters."""
    with torch.random.fork_rng(devices=[]), torch.device("meta"):
        wider = bisect_left(range(1, WIDEST), parameters, key=lambda hidden: count_parameters(make(hidden))) + 1
        sizes = {hidden: count_parameters(make(hidden)) for hidden in (max(1, wider - 1), wider)}
    return make(min(sizes, key=lambda hidden: abs(sizes[hidden] - parameters)))


def count_parameters(module: nn.Module) -> int:
    """How many numbers a module learns."""
    return sum(parameter.numel() for parameter in module.parameters())
