"""How one says what a section does: many phrasings of camera, light, weather and figure. It knows words, no pixels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from studio.lab.world import phrases as say
from studio.lab.world.section import PANS, Section


def caption(rng: np.random.Generator, section: Section) -> str:
    """One of many ways to say what `section` does, with scene words around it that mean nothing.

    Everything that differs from holding still is said; nothing says how things look that only memory can know.
    """
    told = _told(rng, section)
    if section.camera == "hold" and not told and rng.random() < 0.35:
        return "" if rng.random() < 0.6 else _scene(rng)
    clauses = [*told]
    if section.camera != "hold" or not told or rng.random() < 0.5:
        clauses.append(_camera(rng, section))
    rng.shuffle(clauses)
    if rng.random() < 0.5:
        clauses.insert(0 if rng.random() < 0.8 else len(clauses), _scene(rng))
    if rng.random() < 0.12:
        clauses.append(_one(rng, say.STYLES))
    joint = (", ", ", ", ", ", ". ", " and ", ", then ", "; ", " while ", " as ")[rng.integers(9)]
    text = joint.join(clauses) + ("." if rng.random() < 0.3 else "")
    return text[:1].upper() + text[1:] if rng.random() < 0.5 else text


def _told(rng: np.random.Generator, section: Section) -> list[str]:
    """What is said of light, weather and figure."""
    told = []
    if section.light:
        told.append(_one(rng, say.LIGHT[section.light]))
    if section.weather:
        told.append(_one(rng, say.WEATHER[section.weather]))
    if section.action:
        done = _one(rng, say.ACTION[section.action])
        if section.action == "hide" and (done.endswith("behind") or (done.startswith("hides") and rng.random() < 0.4)):
            done = f"hides behind {_one(rng, say.COVERS)}"
        told.append(f"{_one(rng, say.WHO)} {done}")
    return told


def _camera(rng: np.random.Generator, section: Section) -> str:
    if section.camera == "hold":
        return _one(rng, say.HOLD)
    if section.camera == "shake":
        return _one(rng, say.SHAKE)
    pace = {"slow": _one(rng, say.SLOW), "fast": _one(rng, say.FAST), "normal": ""}[section.speed]
    clause = _sideways(rng, section.camera, pace) if section.camera in PANS else _along(rng, section.camera, pace)
    if not section.eased:
        return clause
    soft = _one(rng, say.EASED)
    return f"{soft}, {clause}" if rng.random() < 0.2 else f"{clause}{',' if ' ' in soft else ''} {soft}"


def _along(rng: np.random.Generator, camera: str, pace: str) -> str:
    """A zoom or a dolly."""
    if rng.random() < 0.25:
        phrase = _one(rng, say.SHORT_ALONG[camera])
        return _spaced(*((pace, phrase) if rng.random() < 0.5 else (phrase, pace)))
    subject, phrase = _one(rng, say.SUBJECTS), _one(rng, say.ALONG[camera])
    verb, _, rest = phrase.partition(" ")
    if subject == "we":
        verb = _plural(verb)
    if rng.random() < 0.3:
        return _spaced(subject, pace, verb, rest)
    return _spaced(subject, verb, rest, pace)


def _sideways(rng: np.random.Generator, camera: str, pace: str) -> str:
    """A pan or a tilt."""
    subject, short = _one(rng, say.SUBJECTS), rng.random() < 0.2
    verbs = {"up": say.UP_VERBS, "down": say.DOWN_VERBS}.get(camera, say.PAN_VERBS)
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
    """The verb as "we" use it."""
    irregular = {"goes": "go", "pushes": "push", "approaches": "approach", "magnifies": "magnify", "dollies": "dolly"}
    return irregular.get(verb, verb.removesuffix("s"))


def _scene(rng: np.random.Generator) -> str:
    """Scene words that mean nothing to a film, such as "an old harbour by the sea"."""
    words = [_one(rng, ("a", "the", "an", "one", "this")), _one(rng, say.KINDS), _one(rng, say.THINGS)]
    if rng.random() < 0.3:
        words.pop(1)
    if rng.random() < 0.4:
        words.append(_one(rng, say.PLACES))
    if rng.random() < 0.15:
        words += ["with", "a", _one(rng, say.KINDS), _one(rng, say.THINGS)]
    return " ".join(_with_articles(words))


def _with_articles(words: Sequence[str]) -> list[str]:
    """The words with every "a" or "an" as the next word wants it: none of ours sounds unlike its first letter."""
    chosen = [("an" if after[0] in "aeiou" else "a") if word in ("a", "an") else word for word, after in pairwise(words)]
    return [*chosen, words[-1]]


def _one(rng: np.random.Generator, choices: Sequence[str]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _spaced(*words: str) -> str:
    return " ".join(word for word in words if word)
