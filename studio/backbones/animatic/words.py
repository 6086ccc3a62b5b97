"""The reader of words: a small text classifier that finds in a free prompt what it asks of camera, light and weather.

The film model follows some wordings better than others, and some words without meaning stir it. So at the newer, larger sizes it is
not given the prompt itself: the reader finds what is asked, and the film model is given the caption that it follows best for that.

Letters: B prompts, K values of all questions together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase, RobertaPreLayerNormForSequenceClassification

PART = "text_encoder_2"
"""The folder of a model folder that holds the reader, if the model has one."""
CAPTIONS = "captions.json"
QUESTIONS: dict[str, tuple[str, ...]] = {
    "camera": ("hold", "left", "right", "up", "down", "in", "out", "dolly in", "dolly out", "shake"),
    "speed": ("normal", "slow", "fast"),
    "eased": ("no", "yes"),
    "light": ("", "day", "dawn", "dusk", "night", "lamp", "flicker", "bright", "warm", "cold"),
    "weather": ("", "clear", "snow", "rain", "fog", "wind"),
}
"""What the reader asks of a prompt, and the answers in the order of its outputs. The first answer of each means: nothing asked."""
ANSWERS = sum(map(len, QUESTIONS.values()))
"""K."""
SURE = {"camera": 0.93, "light": 0.95, "weather": 0.95, "speed": 0.5, "eased": 0.5}
"""Probability that a question is answered by anything but its first answer, below which nothing is asked. What happens at all must
be surer than how it happens."""
SECOND = 0.6
"""The same for light where the weather is sure, and for weather where the light is: "a foggy morning"."""
HALF_SURE = dict.fromkeys(SURE, 0.5)
"""The same for a whole prompt, one of whose clauses asks for that by itself."""
LIKELY = {"camera": 0.5, "light": 0.5, "weather": 0.5, "speed": 0.0, "eased": 0.0}
"""Probability of the answer itself, below which nothing is asked either; a zoom's and a dolly's count together."""
ALIKE = {"in": "dolly in", "dolly in": "in", "out": "dolly out", "dolly out": "out"}
"""Moves that look alike: "closer" may be either, and is one of them for sure."""
PASSING = ("flicker", "wind")
"""Light and weather that end with their section; the others last until others are asked for."""
NAMES_CAMERA = re.compile(r"\bcamera\b", re.IGNORECASE)
"""What a style must say to move the camera: "vintage super 8 footage" and "zoom lens" do not, whatever a reader finds in them."""
JOINTS = re.compile(r"\s*(?:[,;.:!?/\n]+|\s-\s|\s(?:and|while|as|when|then|but)\s)\s*", re.IGNORECASE)
"""What stands between the clauses of a prompt."""
SENTENCES = re.compile(r"\s*[.!?;\n]+(?:\s+|$)")
"""What stands between its sentences."""
WINDOW, OVERLAP = 64, 16
"""Tokens that are read at once; a longer prompt is read in windows that overlap by so many."""


@dataclass(frozen=True)
class Wish:
    """What a prompt asks for. The values are those of QUESTIONS; an empty light or weather is to stay as it is."""

    camera: str = "hold"
    speed: str = "normal"
    eased: bool = False
    light: str = ""
    weather: str = ""


class WordReader:
    """Reads prompts, and says in the film model's own words what they ask for."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, network: RobertaPreLayerNormForSequenceClassification,
        captions: dict[str, dict[str, str]],
    ) -> None:
        """Take the parts of a reader.

        Args:
            tokenizer: of the network.
            network: its outputs are the answers to QUESTIONS, one question after the other.
            captions: the film model's words for each camera (with speed and "eased" after it), light and weather.
        """
        self.tokenizer = tokenizer
        self.network = network
        self.captions = captions

    def caption(self, prompt: str) -> str:
        """The caption that asks the film model for what a prompt asks for."""
        return caption_of(self.read(prompt), self.captions)

    def read(self, prompt: str) -> Wish:
        """What a prompt asks for: read as a whole, and what that leaves open as its sentences ask for it by themselves."""
        whole, sentences = self._read_clauses(prompt), [part for part in SENTENCES.split(prompt) if part.strip()]
        return whole if len(sentences) < 2 else _join(whole, [self._read_clauses(sentence) for sentence in sentences])

    def _read_clauses(self, prompt: str) -> Wish:
        """What a sentence asks for, or several.

        Two wishes in one make each other less sure, and so does a long scene around one. So its clauses are read by themselves too.
        What they ask for is added where that is then two things at least, where the whole asks for the same with HALF_SURE, and
        where a clause names the camera that it moves: any other clause alone, out of its place, is not believed.
        """
        whole = self._read(prompt)
        clauses = [clause for clause in JOINTS.split(prompt) if clause.strip()]
        if len(clauses) < 2:
            return whole
        wishes = [self._read(clause) for clause in clauses]
        both = _join(whole, wishes)
        if _asks(both) > 1 or both == whole:
            return both
        likely = self._read(prompt, HALF_SURE)
        named = [replace(wish, light="", weather="") for clause, wish in zip(clauses, wishes, strict=True)
                 if NAMES_CAMERA.search(clause)]
        return _join(whole, [*named, *(_agreed(wish, likely) for wish in wishes)])

    @torch.no_grad()
    def _read(self, prompt: str, sure: Mapping[str, float] = SURE) -> Wish:
        """What a text read at once asks for, where that is as sure as `sure`."""
        chances = {name: logits.softmax(dim=-1) for name, logits in split_answers(self._logits(prompt)).items()}
        answers = {name: _answer(name, windows, sure[name]) for name, windows in chances.items()}
        if answers["light"] or answers["weather"]:
            answers |= {name: _answer(name, chances[name], SECOND) for name in ("light", "weather")}
        moves = answers["camera"] not in ("hold", "shake")
        speed, eased = (answers["speed"], answers["eased"] == "yes") if moves else ("normal", False)
        return Wish(answers["camera"], speed, eased, answers["light"], answers["weather"])

    def read_style(self, prompt: str, style: str, begins: bool) -> Wish:
        """What a style asks for beside a prompt: light and weather that the prompt leaves as they are, and a camera only where the
        style names the camera and the prompt does not move it.

        Light and weather that last are asked for where the style begins and kept from there on, so that a later prompt changes them
        for good.
        """
        own, wish = self.read(prompt), self.read(style)
        if own.camera != "hold" or not NAMES_CAMERA.search(style):
            wish = replace(wish, camera="hold", speed="normal", eased=False)
        light, weather = (word if begins or word in PASSING else "" for word in (wish.light, wish.weather))
        return replace(wish, light="" if own.light else light, weather="" if own.weather else weather)

    def styled_caption(self, prompt: str, style: str, begins: bool) -> str:
        """The caption that asks the film model for what a prompt and a style ask for."""
        own, wish = self.read(prompt), self.read_style(prompt, style, begins)
        moves = own if own.camera != "hold" else wish
        both = Wish(moves.camera, moves.speed, moves.eased, own.light or wish.light, own.weather or wish.weather)
        return caption_of(both, self.captions)

    def styled_prompt(self, prompt: str, style: str, begins: bool) -> str:
        """The prompt's own words, and after them the caption for what only the style asks for."""
        caption = caption_of(self.read_style(prompt, style, begins), self.captions)
        return ", ".join(filter(None, [prompt.rstrip(" .,;"), caption])) if caption else prompt

    def _logits(self, prompt: str) -> Tensor:
        """The network's outputs for each window of a prompt, [windows, K]."""
        tokens = self.tokenizer(
            [prompt], max_length=WINDOW, stride=OVERLAP, truncation=True, padding=True, return_overflowing_tokens=True,
            return_tensors="pt",
        ).to(self.network.device)
        logits: Tensor = self.network(input_ids=tokens.input_ids, attention_mask=tokens.attention_mask).logits
        return logits.float()


def _asks(wish: Wish) -> int:
    """How many things a wish asks for, of camera, light and weather."""
    return (wish.camera != "hold") + bool(wish.light) + bool(wish.weather)


def _agreed(wish: Wish, other: Wish) -> Wish:
    """What a wish asks for of camera, light and weather where another asks for the same."""
    moved = wish if wish.camera == other.camera else Wish()
    return Wish(moved.camera, moved.speed, moved.eased, wish.light if wish.light == other.light else "",
                wish.weather if wish.weather == other.weather else "")


def _join(whole: Wish, clauses: list[Wish]) -> Wish:
    """A wish, and what it leaves open as its clauses ask for it where they agree."""
    moves = {(c.camera, c.speed, c.eased) for c in clauses if c.camera != "hold"}
    lights, weathers = {c.light for c in clauses if c.light}, {c.weather for c in clauses if c.weather}
    camera, speed, eased = whole.camera, whole.speed, whole.eased
    if camera == "hold" and len(moves) == 1:
        camera, speed, eased = moves.pop()
    light = lights.pop() if not whole.light and len(lights) == 1 else whole.light
    weather = weathers.pop() if not whole.weather and len(weathers) == 1 else whole.weather
    return Wish(camera, speed, eased, light, weather)


def _answer(name: str, chances: Tensor, sure: float) -> str:
    """The answer to a question by its chances [windows, answers], of the window that asks for something most surely."""
    surest = chances[int(chances[:, 0].argmin())]
    best = 1 + int(surest[1:].argmax())
    alike = ALIKE.get(QUESTIONS[name][best])
    likely = float(surest[best]) + (float(surest[QUESTIONS[name].index(alike)]) if alike else 0)
    asked = 1 - float(surest[0]) >= sure and likely >= LIKELY[name]
    return QUESTIONS[name][best if asked else 0]


def split_answers(logits: Tensor) -> dict[str, Tensor]:
    """The network's outputs [B, K] by question, [B, answers]."""
    return dict(zip(QUESTIONS, logits.split([len(answers) for answers in QUESTIONS.values()], dim=-1), strict=True))


def caption_of(wish: Wish, captions: dict[str, dict[str, str]]) -> str:
    """The film model's caption for a wish, from its words for each camera, light and weather."""
    move = " ".join(filter(None, [wish.camera, wish.speed if wish.speed != "normal" else "", "eased" if wish.eased else ""]))
    clauses = [captions["camera"][move], captions["light"].get(wish.light, ""), captions["weather"].get(wish.weather, "")]
    return ", ".join(clause for clause in clauses if clause)


def read_captions(folder: Path) -> dict[str, dict[str, str]]:
    """The film model's words in a reader's folder.

    Raises:
        OSError, ValueError: the file is missing, or is no JSON.
    """
    captions: dict[str, dict[str, str]] = json.loads((folder / CAPTIONS).read_text("utf-8"))
    return captions
