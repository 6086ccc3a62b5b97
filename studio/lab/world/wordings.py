"""Free wordings of what a section asks for: far more ways to say it than `captions`, for the reader of words to learn from.

`captions` is what the film model was trained on and stays as it is. Here are synonyms, word orders, orders to the camera, wishes,
labels, typing errors, upper case, people who move while the camera does not, and scenes and nonsense that ask for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from studio.lab.world import camera_words as camera
from studio.lab.world import phrases, scene_words, sky_turns, sky_words
from studio.lab.world.section import LIGHTS, PANS, SPEEDS, WEATHERS, Section
from studio.lab.world.sky_turns import draw_one as _one

MOVES = ("left", "right", "up", "down", "in", "out", "dolly in", "dolly out")
JOINTS = (", ", ", ", ", ", ", ", ". ", ". ", " and ", ", then ", "; ", " while ", " as ", ", and ", " - ", ", while ", " with ",
    "\n", " ", ": ", ", now ", " / ", ", but ", " when ")
INGS = {"lie": "lying", "dolly": "dollying", "tie": "tying"}
DOUBLED = {"pan", "drop", "dip", "step", "slip", "run", "get", "jib", "whip", "scan", "put", "crop", "snap", "stop", "let"}
"""Verbs whose last letter is doubled before -ing."""
IRREGULAR = {"go": "goes", "push": "pushes", "dash": "dashes", "rush": "rushes", "pass": "passes", "press": "presses",
    "approach": "approaches", "march": "marches", "dolly": "dollies", "carry": "carries",
             "hurry": "hurries", "fly": "flies", "magnify": "magnifies"}
SLOT = re.compile(r"\(([^()]*)\)")
NAME = re.compile(r"\{(\w+)\}")


def wording(rng: np.random.Generator, section: Section) -> str:
    """One of very many ways to ask for the section's camera, light and weather; its figure's action is left out.

    A section that asks for nothing gives a scene, a word that only looks like a wish, nonsense, or an empty text.
    """
    clauses = _sky_clauses(rng, section.light, section.weather)
    asks = bool(clauses)
    if section.camera != "hold" or (not asks and rng.random() < 0.25) or rng.random() < 0.1:
        clauses.append(camera_wording(rng, section))
        asks = True
    rng.shuffle(clauses)
    if not asks or rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 3 if asks else 4))):
            clauses.insert(0 if rng.random() < 0.6 else len(clauses), scene_wording(rng))
    if not asks and rng.random() < 0.04:
        return ""
    text = clauses[0]
    for clause in clauses[1:]:
        text += _one(rng, JOINTS[:6] if rng.random() < 0.5 else JOINTS) + clause
    return _written(rng, text)


def camera_wording(rng: np.random.Generator, section: Section) -> str:
    """A clause that asks for the section's camera, at its speed and with its soft start and stop."""
    if section.camera in ("hold", "shake"):
        old, new = (phrases.HOLD, sky_words.HOLD) if section.camera == "hold" else (phrases.SHAKE, sky_words.SHAKE)
        return _sky(rng, new, old)
    pace = section.speed
    form = rng.random()
    if form < 0.18:
        clause = _noun(rng, section.camera, pace)
    elif form < 0.30 and section.camera in PANS:
        clause = _paced(rng, *_transitive(rng, section.camera), pace)
    elif form < 0.42 and pace != "normal" and section.camera in (camera.SLOW_VERBS if pace == "slow" else camera.FAST_VERBS):
        verbs = camera.SLOW_VERBS if pace == "slow" else camera.FAST_VERBS
        rest = _direction(rng, section.camera) if section.camera in PANS else _one(rng,
            camera.VERBS_ALONG[section.camera][1 if "dolly" in section.camera else 0][1])
        clause = _sentence(rng, _one(rng, verbs[section.camera]), rest)
    elif form < 0.46 and section.camera in PANS:
        clause = _paced(rng, "", _direction(rng, section.camera), pace)
    else:
        verb, rest = _verb(rng, section.camera)
        clause = _paced(rng, verb, rest, pace)
    if rng.random() < 0.12:
        clause += _one(rng, (" to reveal the {thing}", " to show the {thing}", " until we see the {thing}",
            " and shows the {thing}", " revealing the {thing}", ", where the {thing} is", " so that we see the {thing}",
            " of the {thing}", " following {who}", " through the {thing}"))
    clause = _fill(rng, clause)
    if section.eased:
        soft = _fill(rng, _one(rng, camera.EASED))
        clause = f"{soft}, {clause}" if rng.random() < 0.2 else f"{clause}{_one(rng, (',', '', ',', ', and', '.'))} {soft}"
    if rng.random() < 0.08:
        clause = _one(rng, ("camera: ", "camera movement: ", "shot: ", "motion: ", "camera - ", "move: ")) + clause
    return clause


def scene_wording(rng: np.random.Generator) -> str:
    """A clause that asks for nothing."""
    form = rng.random()
    if form < 0.58:
        text = _one(rng, scene_words.SCENES)
    elif form < 0.86:
        text = _one(rng, scene_words.LOOKALIKES)
    else:
        return " ".join(_odd(rng) for _ in range(int(rng.integers(1, 6))))
    return _fill(rng, _pick(rng, text))


def random_wish(rng: np.random.Generator) -> Section:
    """A section with a random wish, its wording as the caption. A third ask for nothing."""
    form, chosen = rng.random(), Section()
    if form > 0.33:
        move, light, weather = "hold", "", ""
        if rng.random() < 0.62:
            move = _one(rng, (*MOVES, "shake"))
        if move == "hold" or rng.random() < 0.45:
            light = _one(rng, LIGHTS) if rng.random() < 0.5 else ""
            weather = _one(rng, WEATHERS) if rng.random() < (0.25 if light else 0.85) else ""
        moves = move in MOVES
        speed = _one(rng, SPEEDS) if moves and rng.random() < 0.7 else "normal"
        chosen = Section(move, speed, moves and rng.random() < 0.2, light, weather)
    return Section(chosen.camera, chosen.speed, chosen.eased, chosen.light, chosen.weather, "", wording(rng, chosen))


def _sky_clauses(rng: np.random.Generator, light: str, weather: str) -> list[str]:
    """What is said of light and weather, in clauses of their own or in one."""
    if light in sky_turns.HOURS and weather in sky_turns.SKIES and rng.random() < 0.3:
        return [_fill(rng, _pick(rng, sky_turns.hour(rng, light, weather)))]
    clauses = []
    if light in sky_turns.TIMES and rng.random() < 0.25:
        clauses.append(_fill(rng, _pick(rng, sky_turns.turn(rng, light))))
    elif light:
        clauses.append(_sky(rng, sky_words.LIGHT[light], phrases.LIGHT[light]))
    if weather:
        clauses.append(_sky(rng, sky_words.WEATHER[weather], phrases.WEATHER[weather]))
    return clauses


def _sky(rng: np.random.Generator, new: Sequence[str], old: Sequence[str]) -> str:
    """A phrase of the broad thesaurus, or of the film model's own."""
    return _fill(rng, _pick(rng, _one(rng, old if rng.random() < 0.15 else new)))


def _direction(rng: np.random.Generator, move: str) -> str:
    if move in ("left", "right"):
        other = "right" if move == "left" else "left"
        return _one(rng, camera.SIDEWAYS).replace("{d}", move).replace("{o}", other)
    return _one(rng, camera.UP if move == "up" else camera.DOWN)


def _verb(rng: np.random.Generator, move: str) -> tuple[str, str]:
    """A verb for a move, and what follows it."""
    if move in PANS:
        if move in camera.ALONE and rng.random() < 0.15:
            return _one(rng, camera.ALONE[move]), "" if rng.random() < 0.6 else _direction(rng, move)
        if rng.random() < 0.06:
            return _one(rng, camera.SHOW), _one(rng, camera.WHAT[move])
        verbs = {"up": camera.UP_VERBS, "down": camera.DOWN_VERBS}.get(move, camera.PAN_VERBS)
        return _one(rng, verbs), _direction(rng, move)
    sets = camera.VERBS_ALONG[move]
    verbs, rests = sets[0] if rng.random() < 0.4 else sets[int(rng.integers(len(sets)))]
    return _one(rng, verbs), _one(rng, rests)


def _transitive(rng: np.random.Generator, move: str) -> tuple[str, str]:
    """A verb with the camera as its object, for a pan or tilt, and what follows it."""
    thing = _one(rng, camera.OBJECTS)
    if move in camera.LIFT and rng.random() < 0.6:
        aim = _one(rng, ("", "", "to {high}", "towards {high}") if move == "up" else ("", "", "to {low}", "towards {low}",
            "onto {low}"))
        return _one(rng, camera.LIFT[move]), f"{thing} {aim}".strip()
    return _one(rng, camera.TURN), f"{thing} {_direction(rng, move)}"


def _noun(rng: np.random.Generator, move: str, pace: str) -> str:
    """A move as a noun, as in "a slow pan to the left"."""
    adjective = {"slow": _one(rng, camera.SLOW_ADJECTIVES), "fast": _one(rng, camera.FAST_ADJECTIVES), "normal": _one(rng, ("",
        "", "", "", "long", "simple", "cinematic", "aerial", "nice", "beautiful"))}[pace]
    article = _one(rng, ("", "", "a", "a", "the", "one", "with a", "in a", "there is a", "this is a", "do a", "then a",
        "finally a", "make a", "use a", "end with a"))
    if move not in PANS:
        return _spaced(article, adjective, _one(rng, camera.NOUNS[move]))
    noun = _one(rng, camera.NOUNS["pan" if move in ("left", "right") else "tilt"])
    if rng.random() < 0.3:
        return _spaced(article, adjective, _one(rng, (f"{move}ward", f"{move}wards" if rng.random() < 0.3 else f"{move}ward",
            move)), noun)
    return _spaced(article, adjective, noun, _direction(rng, move), _one(rng, ("", "", "", "across the {thing}",
        "over the {thing}")))


def _paced(rng: np.random.Generator, verb: str, rest: str, pace: str) -> str:
    """A sentence with an adverb of pace somewhere."""
    if pace == "normal":
        if verb and rng.random() < 0.08:
            return f"{_sentence(rng, verb, rest)} {_one(rng, camera.NEUTRAL)}"
        return _sentence(rng, verb, rest) if verb else rest
    adverb = _one(rng, camera.SLOW if pace == "slow" else camera.FAST)
    if not verb:
        return f"{rest}, {adverb}" if rng.random() < 0.5 else _spaced(adverb, rest)
    place = rng.random()
    if place < 0.2:
        return f"{adverb}{_one(rng, (',', ''))} {_sentence(rng, verb, rest)}"
    if place < 0.65:
        return _sentence(rng, verb, rest) + _one(rng, (" ", " ", " ", ", ")) + adverb
    if place < 0.85:
        return _sentence(rng, verb, rest, before=adverb)
    return _sentence(rng, verb, f"{adverb} {rest}") if rest else _sentence(rng, verb, adverb)


def _sentence(rng: np.random.Generator, verb: str, rest: str, before: str = "") -> str:
    """An order, a wish, a statement or a participle with this verb; `before` stands right before it."""
    form, subject = rng.random(), _one(rng, camera.SUBJECTS)
    if form < 0.30:
        return _spaced(before, verb, rest)
    if form < 0.62:
        return _spaced(subject, before, verb if subject in ("we", "i", "our eyes") else _third(verb), rest)
    if form < 0.74:
        return _spaced(_one(rng, ("", "", "the camera", "camera", f"{subject} {'are' if subject == 'we' else 'is'}", "by")),
            before, _ing(verb), rest)
    if form < 0.80:
        return _spaced(f"{subject} {_one(rng, ('begins', 'starts', 'continues', 'should', 'will', 'must', 'has'))}", before,
            *(("to", verb) if rng.random() < 0.7 else (verb,)), rest)
    lead = _one(rng, ("please", "now", "then", "let's", "let us", "let the camera", "have the camera", "make the camera",
        "i want the camera to", "i want to", "we should", "could you", "can we", "you may",
                      "next,", "at last", "finally", "and", "so", "just", "let the view", "let our eyes", "i would like to",
                          "would you", "time to", "and now we", "the viewer should", "try to", "go on and"))
    return _spaced(lead, before, verb, rest)


def _third(verb: str) -> str:
    """The third person of a verb, of which the first word is the verb itself, or a particle's verb as in "back off"."""
    first, _, more = verb.partition(" ")
    if more in ("pan", "zoom"):
        return f"{first} {more}s"
    return _spaced(IRREGULAR.get(first, first + "s"), more)


def _ing(verb: str) -> str:
    """The participle of a verb."""
    first, _, more = verb.partition(" ")
    if more in ("pan", "zoom"):
        return f"{first} {_ing(more)}"
    if first in INGS:
        return _spaced(INGS[first], more)
    if first in DOUBLED:
        return _spaced(first + first[-1] + "ing", more)
    return _spaced((first[:-1] if first.endswith("e") and not first.endswith("ee") else first) + "ing", more)


def _pick(rng: np.random.Generator, text: str) -> str:
    """The text with one of the alternatives in each bracket; brackets may lie within brackets."""
    for name, alternatives in sky_words.SETS.items():
        text = text.replace(f"{{{name}}}", alternatives)
    while (found := SLOT.search(text)) is not None:
        text = text[: found.start()] + _one(rng, found[1].split("|")) + text[found.end() :]
    return " ".join(text.split())


def _fill(rng: np.random.Generator, text: str) -> str:
    """The text with a word in each slot in braces."""
    words = {"thing": scene_words.THINGS, "who": scene_words.WHO, "kind": scene_words.KINDS, "style": scene_words.STYLES,
        "place": scene_words.PLACES, "face": scene_words.FACES,
             "high": scene_words.HIGH, "low": scene_words.LOW, "tall": scene_words.TALL, "a": ("a", "a", "the", "an old", "one",
                 "this", "his", "her", "our", "some"), "does": scene_words.DOES}
    while (found := NAME.search(text)) is not None:
        name = found[1]
        word = _odd(rng) if name == "odd" or (name in ("thing", "who", "kind") and rng.random() < 0.08) else _one(rng,
            words[name])
        if name == "thing" and rng.random() < 0.15:
            word = f"{_one(rng, scene_words.KINDS)} {word}"
        text = text[: found.start()] + word + text[found.end() :]
    return text


def _odd(rng: np.random.Generator) -> str:
    """A word that does not exist, or letters without sense."""
    if rng.random() < 0.15:
        return "".join(chr(97 + int(n)) for n in rng.integers(0, 26, int(rng.integers(1, 9))))
    if rng.random() < 0.08:
        return _one(rng, ("42", "7", "1984", "!!!", "???", "...", "#", "@home", "x_1.png", "—", "→", "é", "ü", "你好", "привет",
            "🙂", "🎬", "***", "(", "A4", "v2.1", "100%", "http://x.y"))
    return "".join(_one(rng, scene_words.SYLLABLES) for _ in range(int(rng.integers(1, 5))))


def _written(rng: np.random.Generator, text: str) -> str:
    """The text as people write: with a capital, in capitals, with typing errors, with a full stop or none."""
    if rng.random() < 0.15:
        text = _mistyped(rng, text)
    text += _one(rng, ("", "", "", ".", ".", "!", "...", " please", ""))
    form = rng.random()
    if form < 0.45:
        return text[:1].upper() + text[1:]
    return text.upper() if form < 0.5 else text


def _mistyped(rng: np.random.Generator, text: str) -> str:
    """The text with one to three typing errors: letters left out, doubled, exchanged or replaced."""
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(0, max(1, len(text) - 1)))
        if not text[at : at + 2].isalpha() or len(text[at : at + 2]) < 2:
            continue
        letter = chr(97 + int(rng.integers(26)))
        text = text[:at] + _one(rng, (text[at + 1] + text[at], text[at + 1], text[at] * 2 + text[at + 1],
            letter + text[at + 1])) + text[at + 2 :]
    return text


def _spaced(*words: str) -> str:
    return " ".join(word for word in words if word)
