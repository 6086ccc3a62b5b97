"""How well a film model's reader understands free phrasings: what it reads in them, and what the film then shows.

The phrasings and what each asks for are in a file (tests/lab/phrasings.toml), written by hand; nothing is trained on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from studio.backbones.animatic.conditioner import SmallConditioner
from studio.backbones.animatic.parts import animatic_parts
from studio.backbones.animatic.words import Wish, caption_of
from studio.backbones.film_model import FilmModel
from studio.lab.measure.filming import Subject
from studio.lab.measure.shown import Shown, film_caption
from studio.lab.measure.tally import accuracy
from studio.lab.phrasings import PHRASINGS, read_phrasings
from studio.lab.psnr import psnr

SAME_LOOK = {"dolly in": "in", "dolly out": "out"}
"""Moves that a film from one flat picture shows alike."""


def has_reader(model: FilmModel) -> bool:
    """Whether a model has a reader of words."""
    return isinstance(model.conditioner, SmallConditioner) and model.conditioner.reader is not None


def seen(wish: Wish, shown: Wish) -> bool:
    """Whether a film shows what was read. A dolly looks like a zoom."""
    camera = SAME_LOOK.get(wish.camera, wish.camera)
    return shown == Wish(camera, wish.speed, wish.eased, wish.light, wish.weather)


def measure(
    model: FilmModel, subject: Subject, width: int, height: int, path: Path = PHRASINGS, every: int = 1
) -> dict[str, Any]:
    """Read all phrasings, and film one section of each different caption that this gives.

    A phrasing is right if what is read is what it asks for; it is followed if the film shows that too. Films are made at the given
    size with the captions word for word, so that the size may be an older one. Of the phrasings, each `every`-th is measured.

    Returns:
        The counts and the lowest PSNR of films for which nothing is asked, and a row for each phrasing that fails, for JSON.

    Raises:
        ValueError: the model has no reader, or the phrasings cannot be read.
    """
    reader = animatic_parts(model).conditioner.reader
    if reader is None:
        raise ValueError(f"'{model.card.title}' has no reader of words. Leave the part 'words' out.")
    picture, films = subject.picture(width, height), dict[Wish, Shown]()
    rows, phrasings = [], read_phrasings(path)[::every]
    for phrasing in phrasings:
        wish = reader.read(phrasing.words)
        if wish not in films:
            films[wish] = film_caption(model, picture, caption_of(wish, reader.captions),
                                       changed=wish.light == "day" or wish.weather == "clear")
        shown, right = films[wish], phrasing.fits(wish)
        rows.append({
            "words": phrasing.words, "kind": phrasing.kind, "read": asdict(wish), "shown": asdict(shown.wish), "right": right,
            "followed": right and seen(wish, shown.wish),
            "psnr": psnr(shown.frame, picture) if phrasing.kind != "wish" else None,
        })
    return summary(rows)


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The counts of the rows of `measure`, the lowest PSNR where nothing was asked, and the rows that fail."""
    asked = [row for row in rows if row["kind"] == "wish"]
    nothing = [row for row in rows if row["kind"] != "wish"]

    def share(chosen: Sequence[dict[str, Any]], key: str) -> dict[str, Any]:
        return accuracy(sum(row[key] for row in chosen), len(chosen))

    kinds = {kind: share([row for row in nothing if row["kind"] == kind], "right") for kind in ("scene", "wind", "nonsense")}
    return {
        "asked": {"read": share(asked, "right"), "followed": share(asked, "followed")},
        "nothing": {"read": share(nothing, "right"), **kinds, "psnr": min((row["psnr"] for row in nothing), default=None)},
        "wrong": [row for row in rows if not row["followed"]],
    }
