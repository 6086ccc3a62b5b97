"""How `wordings` puts words together: forms of verbs, alternatives in brackets, slots in braces, and text as people type it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from studio.lab.world import scene_moves, scene_words, sky_words
from studio.lab.world.sky_turns import draw_one

INGS = {"lie": "lying", "dolly": "dollying", "tie": "tying", "flee": "fleeing"}
DOUBLED = {
    "pan", "drop", "dip", "step", "slip", "run", "get", "jib", "whip", "scan", "put", "crop", "snap", "stop", "let", "spin",
    "trot", "swim", "hop", "tip", "zip", "jet", "skim", "drag", "chop",
}
"""Verbs whose last letter is doubled before -ing."""
IRREGULAR = {
    "go": "goes", "push": "pushes", "dash": "dashes", "rush": "rushes", "pass": "passes", "press": "presses", "toss": "tosses",
    "approach": "approaches", "march": "marches", "dolly": "dollies", "carry": "carries", "scurry": "scurries",
    "whizz": "whizzes", "hurry": "hurries", "fly": "flies", "magnify": "magnifies", "swish": "swishes", "whoosh": "whooshes",
    "whiz": "whizzes",
}
TOKENS = re.compile(r"[()|]|[^()|]+")
NAME = re.compile(r"\{(\w+)\}")
Parts: TypeAlias = "Sequence[str | Sequence[Parts]]"
"""Strings, and alternatives that are parts themselves."""
WORDS = {
    "thing": scene_words.THINGS, "who": scene_words.WHO, "kind": scene_words.KINDS, "style": scene_words.STYLES,
    "place": scene_words.PLACES, "face": scene_words.FACES, "high": scene_words.HIGH, "low": scene_words.LOW,
    "tall": scene_words.TALL,
    "a": ("a", "a", "the", "an old", "one", "this", "his", "her", "our", "some"), "does": scene_words.DOES, **scene_moves.WORDS,
}
"""The words for each slot, but for {odd} and the forms of verbs that `fill` makes."""
NEIGHBOURS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk", "k": "jl",
    "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb",
    "w": "qe", "x": "zc", "y": "tu", "z": "x",
}
"""Letters beside each letter on a keyboard."""


def third(verb: str) -> str:
    """The third person of a verb, of which the first word is the verb itself, or a particle's verb as in "back off"."""
    first, _, more = verb.partition(" ")
    if more in ("pan", "zoom"):
        return f"{first} {more}s"
    return spaced(IRREGULAR.get(first, first + "s"), more)


def ing(verb: str) -> str:
    """The participle of a verb."""
    first, _, more = verb.partition(" ")
    if more in ("pan", "zoom"):
        return f"{first} {ing(more)}"
    if first in INGS:
        return spaced(INGS[first], more)
    if first in DOUBLED:
        return spaced(first + first[-1] + "ing", more)
    return spaced((first[:-1] if first.endswith("e") and not first.endswith("ee") else first) + "ing", more)


def pick(rng: np.random.Generator, text: str) -> str:
    """The text with one of the alternatives in each bracket; brackets may lie within brackets."""
    return " ".join(_chosen(rng, _parts(text)).split())


def _chosen(rng: np.random.Generator, parts: Parts) -> str:
    """The parts in a row, with one of the alternatives wherever there are some."""
    return "".join(part if isinstance(part, str) else _chosen(rng, draw_one(rng, part)) for part in parts)


@lru_cache(maxsize=20_000)
def _parts(text: str) -> Parts:
    """A text as strings and alternatives, each of which is parts again."""
    for name, alternatives in sky_words.SETS.items():
        text = text.replace(f"{{{name}}}", alternatives)
    stack: list[list[list[str | Sequence[Parts]]]] = [[[]]]          # of open brackets: their alternatives, of parts
    for token in TOKENS.findall(text):
        if token == "(":
            stack.append([[]])
        elif token == ")" and len(stack) > 1:
            stack[-2][-1].append(stack.pop())
        elif token == "|" and len(stack) > 1:
            stack[-1].append([])
        else:
            stack[-1][-1].append(token)
    return stack[0][0]


def fill(rng: np.random.Generator, text: str) -> str:
    """The text with a word in each slot in braces."""
    while "{" in text:
        text = NAME.sub(lambda found: _word(rng, found[1]), text)
    return " ".join(text.split())


def _word(rng: np.random.Generator, name: str) -> str:
    """A word for a slot, or a form of a verb."""
    forms = {"goes": third, "going": ing, "moves": third, "moving": ing}
    if name in (*forms, "move"):
        verb = draw_one(rng, scene_moves.GOES if name.startswith("go") else scene_moves.MOVES_A_THING)
        return forms[name](verb) if name in forms else verb
    if name == "odd" or (name in ("thing", "who", "kind") and rng.random() < 0.08):
        return odd(rng)
    if name == "mover" and rng.random() < 0.12:
        return f"{draw_one(rng, ('a', 'the', 'the old', 'my', 'his'))} {odd(rng)}"
    word = draw_one(rng, WORDS[name])
    if name == "thing" and rng.random() < 0.15:
        word = f"{draw_one(rng, scene_words.KINDS)} {word}"
    return word


def odd(rng: np.random.Generator) -> str:
    """A word that does not exist, or letters without sense."""
    if rng.random() < 0.15:
        return "".join(chr(97 + int(n)) for n in rng.integers(0, 26, int(rng.integers(1, 9))))
    if rng.random() < 0.08:
        return draw_one(rng, ("42", "7", "1984", "!!!", "???", "...", "#", "@home", "x_1.png", "—", "→", "é", "ü", "你好", "привет",
            "🙂", "🎬", "***", "(", "A4", "v2.1", "100%", "http://x.y"))
    return "".join(draw_one(rng, scene_words.SYLLABLES) for _ in range(int(rng.integers(1, 5))))


def written(rng: np.random.Generator, text: str) -> str:
    """The text as people write: with a capital, in capitals, with typing errors, with a full stop or none."""
    if rng.random() < 0.2:
        text = mistyped(rng, text)
    if rng.random() < 0.03:
        text = hasty(rng, text)
    text += draw_one(rng, ("", "", "", ".", ".", "!", "...", " please", ""))
    form = rng.random()
    if form < 0.45:
        return text[:1].upper() + text[1:]
    return text.upper() if form < 0.5 else text


def mistyped(rng: np.random.Generator, text: str) -> str:
    """The text with typing errors, one for about twenty letters: letters left out, doubled, exchanged or replaced."""
    for _ in range(int(rng.integers(1, 2 + min(2, len(text) // 20)))):
        at = int(rng.integers(0, max(1, len(text) - 1)))
        if not text[at : at + 2].isalpha() or len(text[at : at + 2]) < 2:
            continue
        letter = chr(97 + int(rng.integers(26))) if rng.random() < 0.3 else draw_one(rng, NEIGHBOURS.get(text[at].lower(), "e"))
        one, two = text[at], text[at + 1]
        text = text[:at] + draw_one(rng, (two + one, two + one, two, one + one + two, letter + two)) + text[at + 2 :]
    return text


def hasty(rng: np.random.Generator, text: str) -> str:
    """The text as it is typed in haste: two words without a space or with another sign between them, or a vowel drawn out."""
    places = [at for at, letter in enumerate(text) if letter == " "]
    vowels = [at for at, letter in enumerate(text) if letter in "aeiou"]
    if places and rng.random() < 0.5:
        at = places[int(rng.integers(len(places)))]
        return text[:at] + draw_one(rng, ("", "-", "_", "  ", "/")) + text[at + 1 :]
    if vowels:
        at = vowels[int(rng.integers(len(vowels)))]
        return text[:at] + text[at] * int(rng.integers(2, 5)) + text[at + 1 :]
    return text


def spaced(*words: str) -> str:
    """The words that are not empty, with spaces between them."""
    return " ".join(word for word in words if word)
