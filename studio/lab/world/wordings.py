"""Free wordings of what a section asks for: far more ways to say it than `captions`, for the reader of words to learn from.

`captions` is what the film model was trained on and stays as it is. Here are synonyms, word orders, orders to the camera, wishes,
labels, typing errors, upper case, people who move while the camera does not, and scenes and nonsense that ask for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.lab.world import camera_sayings as sayings
from studio.lab.world import camera_words as camera
from studio.lab.world import light_sayings, pace_sayings, phrases, scene_moves, scene_words, sky_turns, sky_words, weather_sayings
from studio.lab.world.section import LIGHTS, PANS, SPEEDS, WEATHERS, Section
from studio.lab.world.sky_turns import draw_one as _one
from studio.lab.world.word_forms import fill, ing, odd, pick, spaced, third, written

MOVES = ("left", "right", "up", "down", "in", "out", "dolly in", "dolly out")
JOINTS = (", ", ", ", ", ", ", ", ". ", ". ", " and ", ", then ", "; ", " while ", " as ", ", and ", " - ", ", while ", " with ",
    "\n", " ", ": ", ", now ", " / ", ", but ", " when ")


def wording(rng: np.random.Generator, section: Section) -> str:
    """One of very many ways to ask for the section's camera, light and weather; its figure's action is left out.

    A section that asks for nothing gives a scene, a word that only looks like a wish, nonsense, or an empty text.
    """
    light, weather, behind = section.light, section.weather, ""
    if rng.random() < 0.25:
        light, weather, behind = _behind(rng, light, weather)
    clauses = _sky_clauses(rng, light, weather)
    asks = bool(clauses) or bool(behind)
    if section.camera != "hold" or (not asks and rng.random() < 0.25) or (asks and rng.random() < 0.15):
        clauses.append(camera_wording(rng, section))
        asks = True
    rng.shuffle(clauses)
    if not clauses or not asks or rng.random() < 0.4:
        for _ in range(int(rng.integers(1, 3 if asks else 4)) if clauses or not asks else 1):
            clauses.insert(0 if rng.random() < 0.6 else len(clauses), scene_wording(rng))
    if not asks and rng.random() < 0.04:
        return ""
    if behind:
        at = int(rng.integers(len(clauses)))
        clauses[at] = f"{clauses[at]} {behind}" if rng.random() < 0.8 else f"{behind}, {clauses[at]}"
    text = clauses[0]
    for clause in clauses[1:]:
        text += _one(rng, JOINTS[:6] if rng.random() < 0.5 else JOINTS) + clause
    return written(rng, text)


def camera_wording(rng: np.random.Generator, section: Section) -> str:
    """A clause that asks for the section's camera, at its speed and with its soft start and stop."""
    if section.camera in ("hold", "shake"):
        old, new = (phrases.HOLD, sky_words.HOLD) if section.camera == "hold" else (phrases.SHAKE, sky_words.SHAKE)
        return _sky(rng, new, old, sayings.SAYINGS[section.camera])
    soft = rng.random() if section.eased else 1.0
    if soft < 0.15:
        clause = spaced(_one(rng, pace_sayings.EASE_INTO), _noun(rng, section.camera, section.speed, ("a", "a", "a", "the", "")))
    elif soft < 0.25:
        clause = _paced(rng, "", spaced(_one(rng, pace_sayings.EASE), _along(rng, section.camera)), section.speed)
    elif soft < 0.40:
        clause = _noun(rng, section.camera, section.speed, mood=_one(rng, pace_sayings.EASED_ADJECTIVES))
    elif soft < 0.55:
        clause = spaced(_one(rng, pace_sayings.EASED_ADVERBS), _move(rng, section.camera, section.speed))
    else:
        clause = _move(rng, section.camera, section.speed)
    if rng.random() < 0.1:
        clause += _one(rng, (" to reveal the {thing}", " to show the {thing}", " until we see the {thing}",
            " and shows the {thing}", " revealing the {thing}", ", where the {thing} is", " so that we see the {thing}",
            " of the {thing}", " following {who}", " through the {thing}"))
    clause = fill(rng, pick(rng, clause))
    if section.eased and soft >= 0.55:
        ease = fill(rng, _one(rng, camera.EASED if rng.random() < 0.4 else pace_sayings.EASED))
        clause = f"{ease}, {clause}" if rng.random() < 0.2 else f"{clause}{_one(rng, (',', '', ',', ', and', '.'))} {ease}"
    if rng.random() < 0.06:
        clause = _one(rng, ("camera: ", "camera movement: ", "shot: ", "motion: ", "camera - ", "move: ")) + clause
    return clause


def scene_wording(rng: np.random.Generator) -> str:
    """A clause that asks for nothing."""
    form = rng.random()
    if form < 0.30:
        text = _one(rng, scene_words.SCENES)
    elif form < 0.48:
        text = _one(rng, scene_words.LOOKALIKES)
    elif form < 0.68:
        text = _one(rng, scene_moves.FRAMES)
    elif form < 0.92:
        sorts = (scene_moves.TRADE, scene_moves.STANDING, scene_moves.TURNED, scene_moves.WORLD, scene_words.NATURE)
        text = _one(rng, sorts[int(rng.integers(len(sorts)))])
    else:
        return " ".join(odd(rng) for _ in range(int(rng.integers(1, 6))))
    return fill(rng, pick(rng, text))


def random_wish(rng: np.random.Generator) -> Section:
    """A section with a random wish, its wording as the caption. A third ask for nothing."""
    form, chosen = rng.random(), Section()
    if form > 0.34:
        move, light, weather = "hold", "", ""
        if rng.random() < 0.62:
            move = _one(rng, (*MOVES, "shake"))
        if move == "hold" or rng.random() < 0.45:
            light = _one(rng, LIGHTS) if rng.random() < 0.5 else ""
            weather = _one(rng, WEATHERS) if rng.random() < (0.3 if light else 0.85) else ""
        moves = move in MOVES
        speed = _one(rng, SPEEDS) if moves and rng.random() < 0.7 else "normal"
        chosen = Section(move, speed, moves and rng.random() < 0.2, light, weather)
    return Section(chosen.camera, chosen.speed, chosen.eased, chosen.light, chosen.weather, "", wording(rng, chosen))


def _behind(rng: np.random.Generator, light: str, weather: str) -> tuple[str, str, str]:
    """Light and weather that are left to ask for, and a few words for the one that is named behind a move, a scene or the other."""
    if light and (not weather or rng.random() < 0.5):
        return "", weather, fill(rng, _one(rng, sky_turns.LIGHT_BEHIND[light]))
    if weather:
        return light, "", fill(rng, _one(rng, sky_turns.WEATHER_BEHIND[weather]))
    return light, weather, ""


def _sky_clauses(rng: np.random.Generator, light: str, weather: str) -> list[str]:
    """What is said of light and weather, in clauses of their own or in one."""
    if light in sky_turns.HOURS and weather in sky_turns.SKIES and rng.random() < 0.4:
        return [fill(rng, pick(rng, sky_turns.hour(rng, light, weather)))]
    clauses = []
    if rng.random() < (0.2 if light in sky_turns.TIMES else 0.06 if light in sky_turns.TINTS else 0):
        clauses.append(fill(rng, pick(rng, sky_turns.turn(rng, light))))
    elif light:
        clauses.append(_sky(rng, sky_words.LIGHT[light], phrases.LIGHT[light], light_sayings.SAYINGS[light]))
    if weather and rng.random() < 0.08:
        clauses.append(fill(rng, pick(rng, sky_turns.turn_of_weather(rng, weather))))
    elif weather:
        clauses.append(_sky(rng, sky_words.WEATHER[weather], phrases.WEATHER[weather], weather_sayings.SAYINGS[weather]))
    return clauses


def _sky(rng: np.random.Generator, new: Sequence[str], old: Sequence[str], more: Sequence[str]) -> str:
    """A phrase of the broad thesaurus, of everyday sayings, or of the film model's own."""
    form = rng.random()
    return fill(rng, pick(rng, _one(rng, old if form < 0.1 else more if form < 0.6 else new)))


def _direction(rng: np.random.Generator, move: str) -> str:
    if move in ("left", "right"):
        return _sided(_one(rng, camera.SIDEWAYS), move)
    return _one(rng, camera.UP if move == "up" else camera.DOWN)


def _along(rng: np.random.Generator, move: str) -> str:
    """Where a move goes, as words that may stand behind any verb of going."""
    if move in PANS:
        return _direction(rng, move)
    return _one(rng, {
        "in": ("into a zoom in", "the zoom in", "the lens in", "the zoom in on the {thing}", "into a zoom on the {thing}"),
        "out": ("into a zoom out", "the zoom out", "the lens out", "the zoom wider", "into a wider zoom"),
        "dolly in": ("towards the {thing}", "toward the {thing}", "forward", "closer to the {thing}", "into the {thing}",
                     "forwards", "nearer to the {thing}", "in towards {face}", "up to the {thing}", "forward through the {thing}"),
        "dolly out": ("away from the {thing}", "back", "backwards", "back from the {thing}", "out of the {thing}", "backward",
                      "back from {face}", "away", "back through the {thing}"),
    }[move])


def _sided(text: str, move: str) -> str:
    """A text with the direction of a pan to a side, and the opposite one."""
    return text.replace("{d}", move).replace("{o}", "right" if move == "left" else "left")


def _move(rng: np.random.Generator, move: str, pace: str) -> str:
    """A clause for a move at a pace, in one of many forms; brackets and braces are not filled yet."""
    form = rng.random()
    if form < 0.33:
        return _saying(rng, move, pace)
    if form < 0.46:
        return _noun(rng, move, pace)
    if form < 0.56 and move in PANS:
        return _paced(rng, *_transitive(rng, move, pace), pace)
    if form < 0.68 and pace != "normal" and move in (camera.SLOW_VERBS if pace == "slow" else camera.FAST_VERBS):
        verbs = (camera.SLOW_VERBS if pace == "slow" else camera.FAST_VERBS)[move]
        if "dolly" in move or move in ("left", "right"):
            verbs = verbs if rng.random() < 0.5 else pace_sayings.SLOW_VERBS if pace == "slow" else pace_sayings.FAST_VERBS
        rest = _along(rng, move) if move in PANS or verbs in (pace_sayings.SLOW_VERBS, pace_sayings.FAST_VERBS) else _one(
            rng, camera.VERBS_ALONG[move][1 if "dolly" in move else 0][1])
        return _sentence(rng, _one(rng, verbs), rest)
    if form < 0.71 and move in PANS:
        return _paced(rng, "", _direction(rng, move), pace)
    return _paced(rng, *_verb(rng, move), pace)


def _saying(rng: np.random.Generator, move: str, pace: str) -> str:
    """A whole phrase for a move, with an adverb of pace before or behind it."""
    if move in ("left", "right"):
        phrase = _sided(_one(rng, sayings.SIDE if rng.random() < 0.95 else sayings.SAILORS[move]), move)
    else:
        phrase = _one(rng, sayings.SAYINGS[move])
    return phrase if pace == "normal" else _paced(rng, "", phrase, pace)


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


def _transitive(rng: np.random.Generator, move: str, pace: str) -> tuple[str, str]:
    """A verb with the camera as its object, for a pan or tilt, and what follows it."""
    thing = _one(rng, camera.OBJECTS)
    if pace == "fast" and rng.random() < 0.3:
        return _one(rng, pace_sayings.FLINGS), f"{thing} {_direction(rng, move)}"
    if move in camera.LIFT and rng.random() < 0.6:
        aim = _one(rng, ("", "", "to {high}", "towards {high}") if move == "up" else ("", "", "to {low}", "towards {low}",
            "onto {low}"))
        return _one(rng, camera.LIFT[move]), f"{thing} {aim}".strip()
    return _one(rng, camera.TURN), f"{thing} {_direction(rng, move)}"


def _noun(rng: np.random.Generator, move: str, pace: str, articles: Sequence[str] = (), mood: str = "") -> str:
    """A move as a noun, as in "a slow pan to the left"; `mood` is one more adjective."""
    slow = camera.SLOW_ADJECTIVES if rng.random() < 0.5 else pace_sayings.SLOW_ADJECTIVES
    fast = camera.FAST_ADJECTIVES if rng.random() < 0.5 else pace_sayings.FAST_ADJECTIVES
    adjective = {"slow": _one(rng, slow), "fast": _one(rng, fast), "normal": _one(rng, camera.PLAIN_ADJECTIVES)}[pace]
    adjective = spaced(adjective, mood) if rng.random() < 0.5 else spaced(f"{mood}," if mood and adjective else mood, adjective)
    article = _one(rng, articles or ("", "", "a", "a", "the", "one", "with a", "in a", "there is a", "this is a", "do a", "then a",
        "finally a", "make a", "use a", "end with a", "i want a", "give me a", "let's have a", "perform a", "how about a"))
    if move not in PANS:
        return spaced(article, adjective, _one(rng, camera.NOUNS[move]))
    noun = _one(rng, camera.NOUNS["pan" if move in ("left", "right") else "tilt"])
    if rng.random() < 0.3:
        return spaced(article, adjective, _one(rng, (f"{move}ward", f"{move}wards" if rng.random() < 0.3 else f"{move}ward",
            move)), noun)
    return spaced(article, adjective, noun, _direction(rng, move), _one(rng, ("", "", "", "across the {thing}",
        "over the {thing}")))


def _paced(rng: np.random.Generator, verb: str, rest: str, pace: str) -> str:
    """A sentence with an adverb of pace somewhere."""
    if pace == "normal":
        if verb and rng.random() < 0.08:
            return f"{_sentence(rng, verb, rest)} {_one(rng, camera.NEUTRAL)}"
        return _sentence(rng, verb, rest) if verb else rest
    usual, more = (camera.SLOW, pace_sayings.SLOW) if pace == "slow" else (camera.FAST, pace_sayings.FAST)
    adverb = _one(rng, usual if rng.random() < 0.55 else more)
    if not verb:
        return f"{rest}{_one(rng, (', ', ' ', ' '))}{adverb}" if rng.random() < 0.6 else f"{adverb}{_one(rng, (', ', ' '))}{rest}"
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
        return spaced(before, verb, rest)
    if form < 0.62:
        return spaced(subject, before, verb if subject in ("we", "i", "our eyes") else third(verb), rest)
    if form < 0.74:
        return spaced(_one(rng, ("", "", "the camera", "camera", f"{subject} {'are' if subject == 'we' else 'is'}", "by")),
            before, ing(verb), rest)
    if form < 0.80:
        return spaced(f"{subject} {_one(rng, ('begins', 'starts', 'continues', 'should', 'will', 'must', 'has'))}", before,
            *(("to", verb) if rng.random() < 0.7 else (verb,)), rest)
    lead = _one(rng, ("please", "now", "then", "let's", "let us", "let the camera", "have the camera", "make the camera",
        "i want the camera to", "i want to", "we should", "could you", "can we", "you may",
                      "next,", "at last", "finally", "and", "so", "just", "let the view", "let our eyes", "i would like to",
                          "would you", "time to", "and now we", "the viewer should", "try to", "go on and"))
    return spaced(lead, before, verb, rest)
