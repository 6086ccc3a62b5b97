"""What long films lose: each measure's drift between beginning and end, and the course between. It judges no memory of the past.

Equation 8 of "Pack and Force Your Memory" (2510.01784): |M(first 15 %) - M(last 15 %)|, lower is better, of films that the model
makes all by itself from one picture. Two of them: a hold, and a tour that comes back to the same place again and again.
Letters: T frames, n sections, H and W height and width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.lab.measure import activity
from studio.lab.measure.filming import film
from studio.lab.measure.frame_motion import estimate_motion, grey, warp
from studio.lab.measure.journeys import LEFT, RIGHT, STAY, WORDS, pace, panned, pictures
from studio.lab.measure.steadiness import sharpness
from studio.lab.psnr import psnr
from studio.lab.world import Section

SHARE = 0.15
EVERY = 4
"""Frames between two that are measured."""
LEVELS = 6
"""Of each colour in a palette's histogram."""
TOUR = (LEFT, RIGHT, STAY, STAY, STAY)
"""A is seen once a round, and has left the recent window before it is seen again."""
MEASURES = ("psnr", "sharpness", "palette")
OF_TRUTH = " of truth"
"""Behind the name of a measure that is a film's own: the same of the true film."""
Consistency = Callable[[Tensor], float]
"""Of frames [T, 3, H, W]."""
Quality = Callable[[Tensor], list[float]]
"""Of each of frames [T, 3, H, W] in [0, 1]."""


def drift(course: Sequence[float]) -> float:
    """|M(first 15 %) - M(last 15 %)| of a measure's course, means of at least one value each.

    Raises:
        ValueError: there are no values.
    """
    if not course:
        raise ValueError("A drift needs a course.")
    some = max(1, round(SHARE * len(course)))
    return abs(sum(course[:some]) - sum(course[-some:])) / some


def palette(frame: Tensor) -> Tensor:
    """Shares of the LEVELS^3 colours in a frame [3, H, W] in [0, 1]."""
    level = (frame.clamp(0, 1) * LEVELS).long().clamp(max=LEVELS - 1)
    return torch.bincount(((level[0] * LEVELS + level[1]) * LEVELS + level[2]).flatten(), minlength=LEVELS**3) / level[0].numel()


def recoloured(made: Tensor, true: Tensor) -> float:
    """Total variation of the palettes of frames [3, H, W]: 0 for the same, 1 for no colour in common."""
    return float((palette(made) - palette(true)).abs().sum()) / 2


def courses(made: Tensor, true: Tensor, qualities: Mapping[str, Quality] = {}) -> dict[str, list[float]]:
    """Each of MEASURES and of the qualities at every EVERY-th frame after the first, of films [T, 3, H, W] in [0, 1].

    psnr and palette are against the true film; sharpness and the qualities are the film's own (those of the truth beside them).
    """
    pairs = list(zip(made[EVERY::EVERY], true[EVERY::EVERY], strict=True))
    scored = {name: of(made[EVERY::EVERY]) for name, of in qualities.items()}
    scored |= {f"{name}{OF_TRUTH}": of(true[EVERY::EVERY]) for name, of in qualities.items()}
    return {
        "psnr": [psnr(m, t) for m, t in pairs], "palette": [recoloured(m, t) for m, t in pairs],
        "sharpness": [sharpness(m) for m, _ in pairs], "sharpness of truth": [sharpness(t) for _, t in pairs],
        **scored,
    }


def script(kind: str, sections: int) -> list[Section]:
    """The sections of a "hold" or a "tour". Raises ValueError for other kinds."""
    if kind == "hold":
        return [STAY] * sections
    if kind == "tour":
        return [TOUR[n % len(TOUR)] for n in range(sections)]
    raise ValueError(f"There is no long film '{kind}': only hold and tour.")


def revisits(made: Tensor, section: int) -> list[float]:
    """PSNR of every later view of A in a tour [T, 3, H, W] against its own first one; each is registered to it if that helps.

    The first view is the model's own invention, or true: here it only matters whether the film is of one mind about it.
    """
    at = range(section, len(made), section * len(TOUR))
    first = made[at[0]] if at else made[-1]
    return [_aligned(made[n], first) for n in at[1:]]


def _aligned(frame: Tensor, first: Tensor) -> float:
    moved = estimate_motion(grey(frame[None]), grey(first[None]))
    whole = torch.cat([warp(channel[None], moved.shift, moved.log_zoom)[0] for channel in frame])
    inside = warp(frame[:1], moved.shift, moved.log_zoom)[1][0]
    registered = psnr(whole[:, inside], first[:, inside]) if float(inside.float().mean()) > 0.5 else 0.0
    return max(psnr(frame, first), registered)


def measure(
    model: FilmModel, names: Sequence[str], width: int, height: int, sections: int,
    consistencies: Mapping[str, Consistency], qualities: Mapping[str, Quality] = {},
) -> dict[str, Any]:
    """Holds and tours of so many sections from each picture: courses, drifts, motion and revisits by kind and picture.

    `consistencies` are asked for every 2 EVERY-th frame of a film, by their names; `qualities` are measures beside the others.

    Raises:
        ValueError: the model's sections cannot be compared with the world's.
    """
    stride, found = pace(model.card.section_frames), {}
    for kind in ("hold", "tour"):
        way, rows = script(kind, sections), {}
        for number, name in enumerate(names):
            true = panned(pictures(name, width, height)[0], way, width, height, stride)[0].float() / 255
            made = film(model, true[0], [WORDS[each] for each in way], number)
            course = courses(made, true, qualities)
            rows[name] = {
                "drift": {measure: drift(values) for measure, values in course.items()}, "course": course,
                "motion": activity.compare(made, true),
                **({"revisits psnr": revisits(made, model.card.section_frames)} if kind == "tour" else {}),
                "consistency": {name: of(made[:: 2 * EVERY]) for name, of in consistencies.items()},
            }
        found[kind] = rows
    return found
