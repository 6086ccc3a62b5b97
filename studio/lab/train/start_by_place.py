"""A start for SemanticPack and Recall in which attention goes by place: what is written is found there. It trains nothing.

Random weights must learn to address before they can learn to keep, and with short training they never do. Here keys and queries
begin as the waves of places (`where`), values as what lies there. A map then keeps and finds exactly from the first step, and
training is left with how sure to be. The other structures get the same Memorize and Recall; their Squeeze stays random.
Letters: D width, K channels of what is kept.

A token's dimensions: waves of its place, how well the place was seen (0 to 1), whether it is new, by how much
it was missed (of an answer), one to spare, what lies there.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from studio.memory.attention import Attention, Block
from studio.memory.recall import Recall
from studio.memory.scene_map import MapSqueeze
from studio.memory.scene_positions import LONGEST_WAVE, WAVE_FEATURES, fitting_waves
from studio.memory.semantic_pack import SemanticPack

SEEN, NEW, MISSED, CONTENT = WAVE_FEATURES, WAVE_FEATURES + 1, WAVE_FEATURES + 2, WAVE_FEATURES + 4
SHARPNESS = 16.0
"""Of queries and keys each: neighbours' logits are 150 and more apart, those of what is new and old at a place 12."""
BIAS = 3.0
"""Of queries: weighs how well a place was seen against where it is."""
FAVOUR_SEEN, FAVOUR_NEW = 1 / 3, 1 / 24
"""A well seen place is written over by a well seen one only, one at the picture's rim by any, and what is new wins among equals."""
FAR, STEEP = 0.3, 30.0
"""Waves that differ by more than this, after the norm, are of another place; and how steeply doubt grows from there."""
UNSURE, SURE = 20 / 3, 70 / 3
"""Log variance of what was not seen, and by how much less that of what was seen well is: at the rim it is small, beyond it not."""


@torch.no_grad()
def place(pack: SemanticPack, recall: Recall, sure: bool = True, sharpness: float = SHARPNESS) -> None:
    """Set the start. Memorize must be given K channels, how well they were seen, and `waves` of where they lie.

    `sure`: how sure to be begins set as well, as it is right for tokens that are kept as Memorize writes them. `sharpness`: how
    sharply attention goes by place; at less than SHARPNESS neighbours are seen as well, and there is a gradient to learn by.

    Raises:
        ValueError: too narrow for that.
    """
    kept, width = recall.config.channels, pack.config.width
    if width < CONTENT + kept or width // pack.config.heads < WAVE_FEATURES or recall.config.hidden < 2 * WAVE_FEATURES:
        raise ValueError(f"to keep {kept} channels by their places, tokens must be {CONTENT + kept} wide and heads {WAVE_FEATURES}")
    patches = pack.memorize.patches
    _nothing(patches, *pack.memorize.places)
    line = torch.arange(kept)
    patches.weight[CONTENT + line, line] = 1 / recall.scale
    patches.weight[SEEN, kept] = 1
    patches.weight[torch.arange(WAVE_FEATURES), kept + 1 + torch.arange(WAVE_FEATURES)] = 1
    patches.bias[NEW] = 1
    for block in pack.memorize.blocks:
        _silent(cast(Block, block))
    if isinstance(pack.squeeze, MapSqueeze):
        rows, columns = pack.squeeze.size
        local = fitting_waves(columns, rows)
        _nothing(pack.squeeze.slot)
        pack.squeeze.slot.weight[:WAVE_FEATURES] = torch.eye(WAVE_FEATURES)
        carried = torch.cat([(~local).float(), torch.tensor([1.0, 0, 0, 0]), torch.ones(width - CONTENT)])
        _by_place(pack.squeeze.attention, local, carried, 1.0, sharpness)
    _nothing(recall.ask, recall.answer)
    recall.ask.weight[:WAVE_FEATURES, :WAVE_FEATURES] = torch.eye(WAVE_FEATURES)
    first, *others = (cast(Block, block) for block in recall.blocks)
    _silent(first)
    # What comes back lacks what was asked for: of a place that is not there, the rest tells by how much it was missed.
    missed = torch.cat([-torch.ones(WAVE_FEATURES), torch.tensor([1.0, 0, 0, 0]), torch.ones(width - CONTENT)])
    normed = (width / WAVE_FEATURES * 2) ** 0.5          # what the norm before the attention makes of waves
    _by_place(first.attention, fitting_waves(LONGEST_WAVE / 2, LONGEST_WAVE / 2), missed, normed, sharpness)
    if sure:
        _wary(first)
    for block in others:
        _silent(block)
    recall.answer.weight[line, CONTENT + line] = 1
    if sure:
        recall.answer.weight[kept, MISSED] = 1
        recall.answer.weight[kept, SEEN] = -SURE
        recall.answer.bias[kept] = UNSURE


def _by_place(attention: Attention, told: Tensor, values: Tensor, scale: float, sharpness: float) -> None:
    """Every head: queries and keys of the waves that are `told` [WAVE_FEATURES], values [D] as they are, each times its factor."""
    _nothing(attention.query, attention.key, attention.value, attention.out)
    width, each = len(values), len(values) // attention.heads
    axes = told.nonzero()[:, 0]
    for begin in range(0, width, each):
        own = begin + torch.arange(len(axes))
        attention.query.weight[own, axes] = 1
        attention.key.weight[own, axes] = 1
        attention.query.bias[begin + each - 1] = BIAS * scale
        attention.key.weight[begin + each - 1, SEEN] = FAVOUR_SEEN
        attention.key.weight[begin + each - 1, NEW] = FAVOUR_NEW
    attention.value.weight.copy_(values.diag())
    attention.out.weight.copy_(torch.eye(width))
    for norm in (attention.query_norm, attention.key_norm):
        nn.init.constant_(norm.weight, sharpness)


def _wary(block: Block) -> None:
    """The feed-forward notes in MISSED if any wave is left of a question: what was found lies elsewhere."""
    inner, outer = (cast(nn.Linear, block.feed_forward[at]) for at in (0, 2))
    _nothing(outer)
    line = torch.arange(WAVE_FEATURES)
    for begin, sign in ((0, 1.0), (WAVE_FEATURES, -1.0)):
        inner.weight[begin : begin + WAVE_FEATURES] = 0
        inner.weight[begin + line, line] = sign * STEEP
        inner.bias[begin : begin + WAVE_FEATURES] = -STEEP * FAR
    outer.weight[MISSED, : 2 * WAVE_FEATURES] = 1


def _silent(block: Block) -> None:
    """A block that hands on what it is given."""
    _nothing(block.attention.out, block.feed_forward[2])


def _nothing(*layers: nn.Module) -> None:
    for layer in layers:
        for tensor in layer.parameters():
            nn.init.zeros_(tensor)
