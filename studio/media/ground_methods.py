"""The methods that make up the ground beyond a picture's edges, by the number that films keep (see `fill`)."""

from __future__ import annotations

from dataclasses import dataclass

from studio.marks import NEWEST_GROUND
from studio.media.shift_map import UNCOMPARED


@dataclass(frozen=True)
class Method:
    """What differs between the methods.

    Attributes:
        uncompared: see `Scene.uncompared`.
        calm: whether the ground's first step is no rougher than what lies on both sides of it; see `roughness`.
        avoided: how distinct a place counts as that occurs once. More of it, on small canvases, ends abruptly what the edge cuts.
        looked_once: whether distinct places are looked for once, in the picture by itself. Otherwise it is done for each side, at
            the size that its pieces are chosen at; above and below that is often half as large, and small things are lost.
        merged: whether pieces are merged where that costs less, and the others moved each by itself; see `pieces`.
        layers: parts of a hole, from the picture's edge outwards, that choose offsets each for itself; see `shift_labels.choose`.
        things: whether what stands out from its surroundings counts as distinct too, also where it occurs several times.
        small_things: whether that holds for what stands out from what is close to it only; see `things`.
        second_hand: how distinct new ground counts as when more is made: a copy of a copy has more borders in it.
        whole_things: whether a thing costs by itself, however small it is, and not by its pixels; see `fill.SMALL_THING`.
        soft: see `membrane.soften`.
        whole_outlines: whether a thing's fainter parts, gaps and holes count as well, see `things`, and things are looked for in a
            picture that is not too small for that, see `fill.SHARP`: in a smaller one the side of a tower block is lost in noise.
    """

    uncompared: float = UNCOMPARED
    calm: bool = False
    avoided: float = 1.6
    looked_once: bool = False
    merged: bool = False
    layers: int = 1
    things: bool = False
    small_things: bool = False
    second_hand: float = 0.4
    whole_things: bool = False
    soft: int = 8
    whole_outlines: bool = False


METHODS = {
    1: Method(),
    2: Method(uncompared=0.2, calm=True),
    3: Method(uncompared=0.2, calm=True, avoided=4.0, looked_once=True, merged=True),
    4: Method(uncompared=0.2, calm=True, avoided=4.0, looked_once=True, merged=True, layers=3),
    5: Method(uncompared=0.2, calm=True, avoided=4.0, looked_once=True, merged=True, layers=3, things=True),
    6: Method(uncompared=0.2, calm=True, avoided=4.0, looked_once=True, merged=True, layers=3, things=True, small_things=True),
    7: Method(
        uncompared=0.2, calm=True, avoided=4.0, looked_once=True, merged=True, layers=3, things=True, small_things=True,
        second_hand=1.0, whole_things=True, soft=2),
    NEWEST_GROUND: Method(
        uncompared=0.2, calm=True, avoided=4.0, looked_once=True, merged=True, layers=3, things=True, small_things=True,
        second_hand=1.0, whole_things=True, soft=2, whole_outlines=True),
}
"""By the number that films keep. Those that are there never change: films are made again with them."""
