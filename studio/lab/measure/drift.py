"""The drift of long films: how each measure changes from the beginning to the end, and its course in between.

Equation 8 of "Pack and Force Your Memory" (2510.01784): |M(first 15 %) - M(last 15 %)|, lower is better, of films that the model
makes from one picture without any true frames in between. There are two films: a hold, where the camera stands still, and a tour
that comes back to the same place again and again. Letters: T frames, n sections, H and W height and width.
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
from studio.lab.measure.journeys import LEFT, PROMPTS, RIGHT, STAY, pan_film, wide_pictures, world_stride
from studio.lab.measure.steadiness import sharpness
from studio.lab.psnr import psnr
from studio.lab.world import Section
from studio.media import look

SHARE = 0.15
"""Share of a film at its beginning, and at its end, that equation 8 compares."""
STRIDE = 4
"""Every so many frames one is measured."""
TOUR = (LEFT, RIGHT, STAY, STAY, STAY)
"""One round of a tour. It shows place A once, which has left the recent window before it is shown again."""
MEASURES = ("psnr", "sharpness", "palette")
TRUTH_SUFFIX = " of truth"
"""Follows the name of a measure of the model's film, and makes the name of the same measure of the true film."""
ConsistencyMeasure = Callable[[Tensor], float]
"""A figure for frames [T, 3, H, W] in [0, 1]."""
QualityMeasure = Callable[[Tensor], list[float]]
"""A figure for each of frames [T, 3, H, W] in [0, 1]."""


def drift(course: Sequence[float]) -> float:
    """|M(first 15 %) - M(last 15 %)| (equation 8) of the values of a measure over a film; each mean has at least one value.

    Raises:
        ValueError: there are no values.
    """
    if not course:
        raise ValueError("A drift needs a course.")
    count = max(1, round(SHARE * len(course)))
    return abs(sum(course[:count]) - sum(course[-count:])) / count


def palette_distance(frame: Tensor, truth: Tensor) -> float:
    """The total variation between the palettes of two frames [3, H, W] in [0, 1]; see `studio.media.look.palette_distance`."""
    return look.palette_distance(*(look.palette(each.movedim(0, 2).numpy()) for each in (frame, truth)))


def courses(frames: Tensor, truth: Tensor, qualities: Mapping[str, QualityMeasure] = {}) -> dict[str, list[float]]:
    """The courses of MEASURES and of the qualities over a film, by name: a value for every STRIDE-th frame after the first.

    psnr and palette compare with the true film. Sharpness and the qualities are measured on each film alone; those of the true film
    have TRUTH_SUFFIX after their name.

    Args:
        frames, truth: the model's film and the true one, [T, 3, H, W] in [0, 1].
        qualities: more measures, by name.
    """
    pairs = list(zip(frames[STRIDE::STRIDE], truth[STRIDE::STRIDE], strict=True))
    scores = {name: measure(frames[STRIDE::STRIDE]) for name, measure in qualities.items()}
    scores |= {f"{name}{TRUTH_SUFFIX}": measure(truth[STRIDE::STRIDE]) for name, measure in qualities.items()}
    return {
        "psnr": [psnr(m, t) for m, t in pairs], "palette": [palette_distance(m, t) for m, t in pairs],
        "sharpness": [sharpness(m) for m, _ in pairs], f"sharpness{TRUTH_SUFFIX}": [sharpness(t) for _, t in pairs],
        **scores,
    }


def long_script(kind: str, sections: int) -> list[Section]:
    """The sections of a long film.

    Args:
        kind: "hold" or "tour".
        sections: how many.

    Raises:
        ValueError: `kind` is neither of the two.
    """
    if kind == "hold":
        return [STAY] * sections
    if kind == "tour":
        return [TOUR[n % len(TOUR)] for n in range(sections)]
    raise ValueError(f"There is no long film '{kind}': only hold and tour.")


def revisit_psnrs(frames: Tensor, section_frames: int) -> list[float]:
    """The PSNR of every later view of place A in a tour against the film's own first view of it.

    The first view may be the model's invention: here it only matters whether the film agrees with itself. Views are registered to
    the first one if that gives a higher PSNR.

    Args:
        frames: the tour [T, 3, H, W] in [0, 1].
        section_frames: frames of a section.
    """
    at = range(section_frames, len(frames), section_frames * len(TOUR))
    first = frames[at[0]] if at else frames[-1]
    return [_registered_psnr(frames[n], first) for n in at[1:]]


def _registered_psnr(frame: Tensor, first: Tensor) -> float:
    """PSNR of `frame` against `first`, both [3, H, W], as it is or registered: the higher one."""
    moved = estimate_motion(grey(frame[None]), grey(first[None]))
    warped = torch.cat([warp(channel[None], moved.shift, moved.log_zoom)[0] for channel in frame])
    inside = warp(frame[:1], moved.shift, moved.log_zoom)[1][0]
    registered = psnr(warped[:, inside], first[:, inside]) if float(inside.float().mean()) > 0.5 else 0.0
    return max(psnr(frame, first), registered)


def measure(
    model: FilmModel, names: Sequence[str], width: int, height: int, sections: int,
    consistencies: Mapping[str, ConsistencyMeasure], qualities: Mapping[str, QualityMeasure] = {},
) -> dict[str, Any]:
    """Films a hold and a tour from each picture; returns courses, drifts, motion and revisits by kind and picture.

    Args:
        model: makes the films.
        names: of the pictures; see `journeys.wide_pictures`.
        width, height: of the films in pixels.
        sections: of each film.
        consistencies: figures for every (2 STRIDE)-th frame of a film, by name.
        qualities: measures of single frames beside MEASURES, by name.

    Raises:
        ValueError: the model's sections cannot be compared with the world's.
    """
    stride, figures = world_stride(model.card.section_frames), {}
    for kind in ("hold", "tour"):
        script, rows = long_script(kind, sections), {}
        for number, name in enumerate(names):
            truth = pan_film(wide_pictures(name, width, height)[0], script, width, height, stride)[0].float() / 255
            frames = film(model, truth[0], [PROMPTS[each] for each in script], number)
            course = courses(frames, truth, qualities)
            rows[name] = {
                "drift": {measure: drift(values) for measure, values in course.items()}, "course": course,
                "motion": activity.compare(frames, truth),
                **({"revisits psnr": revisit_psnrs(frames, model.card.section_frames)} if kind == "tour" else {}),
                "consistency": {name: measure(frames[:: 2 * STRIDE]) for name, measure in consistencies.items()},
            }
        figures[kind] = rows
    return figures
