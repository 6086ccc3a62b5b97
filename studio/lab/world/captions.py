"""Captions of sections: many ways to say what the camera, the light, the weather and the figure do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from studio.lab.world import phrases
from studio.lab.world.section import PANS, Section


def caption(rng: np.random.Generator, section: Section) -> str:
    """Returns one of many ways to say what a section does, often with words about a scene, which mean nothing.

    Everything that differs from a still camera is mentioned. Nothing describes what the film shows.
    """
    events = _events(rng, section)
    if section.camera == "hold" and not events and rng.random() < 0.35:
        return "" if rng.random() < 0.6 else _scene(rng)
    clauses = [*events]
    if section.camera != "hold" or not events or rng.random() < 0.5:
        clauses.append(_camera(rng, section))
    rng.shuffle(clauses)
    if rng.random() < 0.5:
        clauses.insert(0 if rng.random() < 0.8 else len(clauses), _scene(rng))
    if rng.random() < 0.12:
        clauses.append(_one(rng, phrases.STYLES))
    joint = (", ", ", ", ", ", ". ", " and ", ", then ", "; ", " while ", " as ")[rng.integers(9)]
    text = joint.join(clauses) + ("." if rng.random() < 0.3 else "")
    return text[:1].upper() + text[1:] if rng.random() < 0.5 else text


def _events(rng: np.random.Generator, section: Section) -> list[str]:
    """Clauses about light, weather and figure."""
    events = []
    if section.light:
        events.append(_one(rng, phrases.LIGHT[section.light]))
    if section.weather:
        events.append(_one(rng, phrases.WEATHER[section.weather]))
    if section.action:
        action = _one(rng, phrases.ACTION[section.action])
        if section.action == "hide" and (action.endswith("behind") or (action.startswith("hides") and rng.random() < 0.4)):
            action = f"hides behind {_one(rng, phrases.COVERS)}"
        events.append(f"{_one(rng, phrases.WHO)} {action}")
    return events


def _camera(rng: np.random.Generator, section: Section) -> str:
    if section.camera == "hold":
        return _one(rng, phrases.HOLD)
    if section.camera == "shake":
        return _one(rng, phrases.SHAKE)
    pace = {"slow": _one(rng, phrases.SLOW), "fast": _one(rng, phrases.FAST), "normal": ""}[section.speed]
    clause = _sideways(rng, section.camera, pace) if section.camera in PANS else _along(rng, section.camera, pace)
    if not section.eased:
        return clause
    soft = _one(rng, phrases.EASED)
    return f"{soft}, {clause}" if rng.random() < 0.2 else f"{clause}{',' if ' ' in soft else ''} {soft}"


def _along(rng: np.random.Generator, camera: str, pace: str) -> str:
    """A clause about a zoom or a dolly."""
    if rng.random() < 0.25:
        phrase = _one(rng, phrases.SHORT_ALONG[camera])
        return _spaced(*((pace, phrase) if rng.random() < 0.5 else (phrase, pace)))
    subject, phrase = _one(rng, phrases.SUBJECTS), _one(rng, phrases.ALONG[camera])
    verb, _, rest = phrase.partition(" ")
    if subject == "we":
        verb = _plural(verb)
    if rng.random() < 0.3:
        return _spaced(subject, pace, verb, rest)
    return _spaced(subject, verb, rest, pace)


def _sideways(rng: np.random.Generator, camera: str, pace: str) -> str:
    """A clause about a pan or a tilt."""
    subject, short = _one(rng, phrases.SUBJECTS), rng.random() < 0.2
    verbs = {"up": phrases.UP_VERBS, "down": phrases.DOWN_VERBS}.get(camera, phrases.PAN_VERBS)
    verb = _one(rng, list(verbs))
    if camera in ("left", "right"):
        where = _one(rng, ("", "", "to the ", "towards the ")) + camera
    else:
        where = camera + _one(rng, ("", "", "", "wards"))
    if short:
        return _spaced(pace, verbs[verb], where) if rng.random() < 0.5 else _spaced(verbs[verb], where, pace)
    if subject == "we":
        verb = _plural(verb)
    order = rng.random()
    if order < 0.4:
        return _spaced(subject, verb, pace, where)
    return _spaced(subject, verb, where, pace) if order < 0.75 else _spaced(subject, pace, verb, where)


def _plural(verb: str) -> str:
    """The form of a verb that goes with "we"."""
    irregular = {"goes": "go", "pushes": "push", "approaches": "approach", "magnifies": "magnify", "dollies": "dolly"}
    return irregular.get(verb, verb.removesuffix("s"))


def _scene(rng: np.random.Generator) -> str:
    """Words about a scene that mean nothing to a film, such as "an old harbour by the sea"."""
    words = [_one(rng, ("a", "the", "an", "one", "this")), _one(rng, phrases.KINDS), _one(rng, phrases.THINGS)]
    if rng.random() < 0.3:
        words.pop(1)
    if rng.random() < 0.4:
        words.append(_one(rng, phrases.PLACES))
    if rng.random() < 0.15:
        words += ["with", "a", _one(rng, phrases.KINDS), _one(rng, phrases.THINGS)]
    return " ".join(_with_articles(words))


def _with_articles(words: Sequence[str]) -> list[str]:
    """The words with "a" or "an" chosen by the first letter of the next word; ours need no exceptions."""
    chosen = [("an" if after[0] in "aeiou" else "a") if word in ("a", "an") else word for word, after in pairwise(words)]
    return [*chosen, words[-1]]


def _one(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _spaced(*words: str) -> str:
    return " ".join(word for word in words if word)
