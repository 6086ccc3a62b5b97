"""First weights for SemanticPack and Recall with which attention goes by place: a query for a place finds what was written there.

Random weights must learn to address places before they can learn to keep contents, and in a short training they never do. Here keys
and queries begin as waves of the places, and values as the contents. A map is then exact from the first step, and only its
uncertainty is left to train. The other structures get the same Memorize and Recall; their Squeeze stays random.
Letters: D width, K memorized channels.

The dimensions of a token are, in this order: WAVE_FEATURES waves of its place; SEEN, how well the place was seen, from 0 to 1; NEW,
1 if the token is new; MISSED, for a recalled token, by how much its place differs from the queried one; one that is not used; and
from CONTENT on, the contents.
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
"""Scale of the normed queries and keys. The logits of neighbouring places are then 150 or more apart, and those of a new and an
old token at the same place 12."""
BIAS = 3.0
"""Of queries. It weighs how well a place was seen against where it is."""
FAVOUR_SEEN, FAVOUR_NEW = 1 / 3, 1 / 24
"""Weights of SEEN and NEW in the keys. A token of a well seen place is replaced only by another well seen one, a token at the
picture's rim by any, and of two equal ones the new one stays."""
FAR, STEEP = 0.3, 30.0
"""Normed waves that differ by more than FAR belong to another place; MISSED grows by STEEP times what is beyond that."""
UNSURE, SURE = 20 / 3, 70 / 3
"""The log variance of an unseen place is UNSURE, that of a perfectly seen one UNSURE - SURE. At the picture's rim it is still
small."""


@torch.no_grad()
def start_by_place(pack: SemanticPack, recall: Recall, sure: bool = True, sharpness: float = SHARPNESS) -> None:
    """Set the weights of SemanticPack and Recall, in place, so that attention goes by place.

    Args:
        pack: must be given K channels, how well they were seen, and the `waves` of their places.
        recall: queries it.
        sure: also set the weights of the uncertainty; they are right for tokens that are kept as Memorize writes them.
        sharpness: how sharply attention goes by place. Below SHARPNESS neighbours get some weight too, and with it a gradient.

    Raises:
        ValueError: the networks are too narrow.
    """
    channels, width = recall.config.channels, pack.config.width
    if width < CONTENT + channels or width // pack.config.heads < WAVE_FEATURES or recall.config.hidden < 2 * WAVE_FEATURES:
        raise ValueError(
            f"to keep {channels} channels by their places, tokens must be {CONTENT + channels} wide and heads {WAVE_FEATURES}")
    patches = pack.memorize.patches
    _zero(patches, *pack.memorize.places)
    line = torch.arange(channels)
    patches.weight[CONTENT + line, line] = 1 / recall.scale
    patches.weight[SEEN, channels] = 1
    patches.weight[torch.arange(WAVE_FEATURES), channels + 1 + torch.arange(WAVE_FEATURES)] = 1
    patches.bias[NEW] = 1
    for block in pack.memorize.blocks:
        make_identity(cast(Block, block))
    if isinstance(pack.squeeze, MapSqueeze):
        rows, columns = pack.squeeze.size
        local = fitting_waves(columns, rows)
        _zero(pack.squeeze.slot)
        pack.squeeze.slot.weight[:WAVE_FEATURES] = torch.eye(WAVE_FEATURES)
        values = torch.cat([(~local).float(), torch.tensor([1.0, 0, 0, 0]), torch.ones(width - CONTENT)])
        attend_by_place(pack.squeeze.attention, local, values, 1.0, sharpness)
    _zero(recall.ask, recall.answer)
    recall.ask.weight[:WAVE_FEATURES, :WAVE_FEATURES] = torch.eye(WAVE_FEATURES)
    first, *others = (cast(Block, block) for block in recall.blocks)
    make_identity(first)
    # The attention subtracts the waves that it finds from those that were queried. What is left tells how far off the place is.
    values = torch.cat([-torch.ones(WAVE_FEATURES), torch.tensor([1.0, 0, 0, 0]), torch.ones(width - CONTENT)])
    normed = (width / WAVE_FEATURES * 2) ** 0.5          # the factor by which the norm before the attention scales waves
    attend_by_place(first.attention, fitting_waves(LONGEST_WAVE / 2, LONGEST_WAVE / 2), values, normed, sharpness)
    if sure:
        _detect_misses(first)
    for block in others:
        make_identity(block)
    recall.answer.weight[line, CONTENT + line] = 1
    if sure:
        recall.answer.weight[channels, MISSED] = 1
        recall.answer.weight[channels, SEEN] = -SURE
        recall.answer.bias[channels] = UNSURE


def attend_by_place(attention: Attention, waves: Tensor, values: Tensor, scale: float, sharpness: float) -> None:
    """Set the same attention by place in every head.

    Args:
        attention: the layer.
        waves: [WAVE_FEATURES] bool: which waves make up queries and keys.
        values: [D] factors of a token's dimensions in its value.
        scale: of the waves in the queries.
        sharpness: see `start_by_place`.
    """
    _zero(attention.query, attention.key, attention.value, attention.out)
    width, each = len(values), len(values) // attention.heads
    axes = waves.nonzero()[:, 0]
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


def _detect_misses(block: Block) -> None:
    """Make the feed-forward set dimension MISSED when the retrieved place differs from the queried one."""
    inner, outer = (cast(nn.Linear, block.feed_forward[at]) for at in (0, 2))
    _zero(outer)
    line = torch.arange(WAVE_FEATURES)
    for begin, sign in ((0, 1.0), (WAVE_FEATURES, -1.0)):
        inner.weight[begin : begin + WAVE_FEATURES] = 0
        inner.weight[begin + line, line] = sign * STEEP
        inner.bias[begin : begin + WAVE_FEATURES] = -STEEP * FAR
    outer.weight[MISSED, : 2 * WAVE_FEATURES] = 1


def make_identity(block: Block) -> None:
    """Make a block return its input: nothing is added to the residual stream."""
    _zero(block.attention.out, block.feed_forward[2])


def _zero(*layers: nn.Module) -> None:
    """Set all parameters of layers to zero."""
    for layer in layers:
        for tensor in layer.parameters():
            nn.init.zeros_(tensor)
