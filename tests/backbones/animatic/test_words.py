"""The reader of words: which films use it, how answers become a wish and a caption, long prompts, and folders without one."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from studio.backbones.animatic import words
from studio.backbones.animatic.conditioner import SmallConditioner, reads_words
from studio.backbones.animatic.load import load_reader
from studio.backbones.animatic.words import ANSWERS, QUESTIONS, Wish, WordReader, caption_of, split_answers
from studio.catalogue.cards import ModelError, read_card
from studio.lab.train.recipe import read_recipe
from studio.lab.train.words import WordsRecipe
from tests.lab.train import toys

ROOT = Path(__file__).parents[3]
CAPTIONS = read_recipe(ROOT / "studio" / "lab" / "train" / "recipes" / "words-cpu.toml", WordsRecipe).captions


class Tokens(dict[str, Tensor]):
    """A tokenizer's result, in windows."""

    def __getattr__(self, name: str) -> Tensor:
        return self[name]

    def to(self, device: Any) -> Tokens:
        return self


def reader(*windows: dict[str, tuple[str, float]]) -> WordReader:
    """A reader whose network gives these answers, with these chances, in windows of any prompt."""
    rows = []
    for window in windows:
        logits = torch.zeros(ANSWERS)
        for name, part in split_answers(logits).items():
            answer, chance = window.get(name, (QUESTIONS[name][0], 0.99))
            others = (1 - chance) / (len(QUESTIONS[name]) - 1)
            part.copy_(torch.tensor([chance if each == answer else others for each in QUESTIONS[name]]).log())
        rows.append(logits)
    network: Any = lambda **_: SimpleNamespace(logits=torch.stack(rows))  # noqa: E731
    network.device = "cpu"
    tokenizer: Any = lambda *_, **__: Tokens(input_ids=torch.zeros(1), attention_mask=torch.zeros(1))  # noqa: E731
    return WordReader(tokenizer, network, CAPTIONS)


def test_answers_become_a_wish() -> None:
    assert reader({}).read("") == Wish()
    asked = reader({"camera": ("left", 0.9), "speed": ("slow", 0.8), "eased": ("yes", 0.6), "light": ("night", 0.9)})
    assert asked.read("") == Wish("left", "slow", True, "night")
    assert asked.caption("") == "the camera pans left slowly, easing in and out, night falls"


def test_what_is_uncertain_is_not_asked() -> None:
    assert reader({"camera": ("left", 0.45), "weather": ("wind", 0.45)}).read("") == Wish()


@pytest.mark.parametrize("camera", ["hold", "shake"])
def test_only_moves_have_a_pace(camera: str) -> None:
    assert reader({"camera": (camera, 0.9), "speed": ("fast", 0.9), "eased": ("yes", 0.9)}).read("") == Wish(camera)


def test_a_wish_in_any_window_of_a_long_prompt_counts() -> None:
    assert reader({}, {"weather": ("snow", 0.9)}, {"camera": ("up", 0.9)}).read("") == Wish("up", weather="snow")
    assert reader({"camera": ("up", 0.87)}, {"camera": ("down", 0.9)}).read("").camera == "down"


def by_text(answers: dict[str, Wish], monkeypatch: pytest.MonkeyPatch) -> WordReader:
    """A reader that reads these texts so, and nothing in any other."""
    found = reader({})
    monkeypatch.setattr(found, "_read", lambda text, sure=words.SURE: answers.get(text, Wish()))
    return found


def test_two_wishes_in_one_prompt_are_read_by_their_clauses(monkeypatch: pytest.MonkeyPatch) -> None:
    right, night, snow = Wish("right", "slow"), Wish(light="night"), Wish(weather="snow")
    found = by_text({"pan right slowly": right, "night falls": night, "it snows": snow}, monkeypatch)
    assert found.read("pan right slowly while night falls") == Wish("right", "slow", light="night")
    assert found.read("Night falls. it snows, pan right slowly") == Wish("right", "slow", weather="snow"), "as clauses are written"
    assert found.read("night falls;  it snows\npan right slowly!") == Wish("right", "slow", light="night", weather="snow")


def test_a_clause_alone_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    night, dusk, snow = Wish(light="night"), Wish(light="dusk"), Wish(weather="snow")
    found = by_text({"night falls": night, "at dusk": dusk, "it snows": snow}, monkeypatch)
    assert found.read("a knight, night falls") == Wish()
    assert found.read("night falls, at dusk") == Wish(), "they do not agree"
    assert found.read("night falls, at dusk, it snows") == Wish()


def test_a_clause_is_believed_where_the_prompt_half_asks_for_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scene around a wish makes it less sure; what only the half sure reading asks for is not asked."""
    prompt, left, snow = "An old mill, pan left fast", Wish("left", "fast"), Wish(weather="snow")
    found, halves = reader({}), {prompt: Wish("left", weather="rain")}
    surely = {"pan left fast": left}
    monkeypatch.setattr(found, "_read", lambda text, sure=words.SURE: (surely if sure is words.SURE else halves).get(text, Wish()))
    assert found.read(prompt) == left
    halves[prompt] = Wish("right", light="night")
    assert found.read(prompt) == Wish()
    surely |= {prompt: snow}
    assert found.read(prompt) == Wish("left", "fast", weather="snow"), "two things are asked for"


def test_a_second_wish_of_the_sky_may_be_less_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    found, row = reader({}), torch.full((1, ANSWERS), -9.0)
    monkeypatch.setattr(found, "_logits", lambda _: row)
    parts = {name: part[0] for name, part in split_answers(row).items()}
    for part in parts.values():
        part[0] = 0
    parts["light"][QUESTIONS["light"].index("dawn")] = 1                    # 0.73
    parts["camera"][QUESTIONS["camera"].index("left")] = 9
    assert found.read("left, morning") == Wish("left"), "a move says nothing of the sky"
    parts["weather"][QUESTIONS["weather"].index("fog")] = 9
    assert found.read("left, foggy morning") == Wish("left", light="dawn", weather="fog")


def test_a_sentence_and_a_clause_that_names_the_camera_are_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    left = Wish("left")
    found = by_text({"pan left": left, "the camera pans left": left, "night falls": Wish(light="night")}, monkeypatch)
    assert found.read("A mill by the river. pan left") == found.read("A mill by the river, the camera pans left") == Wish("left")
    assert found.read("A mill by the river, pan left") == Wish()
    assert found.read("A mill... night falls!") == Wish(light="night") and found.read("1.5 pan left") == Wish()


def test_moves_that_look_alike_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """"Closer" is a zoom or a dolly, and one of them for sure; "in, out or up" is none of them."""
    found, row = reader({}), torch.full((1, ANSWERS), -9.0)
    monkeypatch.setattr(found, "_logits", lambda _: row)
    for part in split_answers(row).values():
        part[0, 0] = 0
    moves = split_answers(row)["camera"][0]
    moves[QUESTIONS["camera"].index("in")], moves[QUESTIONS["camera"].index("dolly in")] = 9, 8.9
    assert found.read("closer") == Wish("in")
    for answer, logit in (("dolly in", -9), ("out", 9), ("up", 9)):
        moves[QUESTIONS["camera"].index(answer)] = logit
    assert found.read("closer") == Wish()


def test_a_clause_does_not_change_what_the_prompt_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    prompt = "it snows, pan left"
    found = by_text({prompt: Wish("right"), "it snows": Wish(weather="snow"), "pan left": Wish("left", "fast")}, monkeypatch)
    assert found.read(prompt) == Wish("right", weather="snow")


def test_there_is_a_caption_for_every_wish() -> None:
    for camera, speed, eased, light, weather in itertools.product(
        QUESTIONS["camera"], QUESTIONS["speed"], (False, True), QUESTIONS["light"], QUESTIONS["weather"]
    ):
        if camera in ("hold", "shake") and (speed != "normal" or eased):
            continue
        caption = caption_of(Wish(camera, speed, eased, light, weather), CAPTIONS)
        assert bool(caption) == ((camera, light, weather) != ("hold", "", ""))
        assert caption.count(",") == (camera != "hold") + bool(light) + bool(weather) - bool(caption) + eased


@pytest.mark.parametrize(("size", "reads"), [
    ((320, 192), False), ((192, 320), False), ((256, 256), False), ((640, 384), True), ((384, 640), True), ((512, 512), True),
    ((1280, 768), True),
])
def test_only_films_of_the_newer_sizes_use_the_reader(size: tuple[int, int], reads: bool) -> None:
    """At the old sizes the embeddings are those of the prompt's own words, bit for bit."""
    width, height = size
    assert reads_words(height, width) == reads
    plain = toys.conditioner()
    reading = SmallConditioner(
        plain.tokenizer, plain.text_encoder, plain.image_encoder, plain.tokens, reader({"camera": ("left", 0.9)}))
    picture = torch.rand(1, 3, height, width) * 2 - 1
    with torch.no_grad():
        own, read, canonical = plain("turn there", picture), reading("turn there", picture), plain("the camera pans left", picture)
    same = canonical if reads else own
    assert torch.equal(read.text, same.text) and torch.equal(read.pooled, same.pooled) and torch.equal(read.image, own.image)
    assert not torch.equal(own.text, canonical.text)


def folder_with_reader(tmp_path: Path) -> Path:
    """A copy of the shipped folder's card and reader."""
    shipped, folder = ROOT / "models" / "memorypack-mini", tmp_path / "mini"
    folder.mkdir()
    shutil.copy(shipped / "model.toml", folder)
    shutil.copytree(shipped / words.PART, folder / words.PART)
    return folder


def test_a_folder_without_a_reader_has_none(tmp_path: Path) -> None:
    folder = folder_with_reader(tmp_path)
    text = (folder / "model.toml").read_text("utf-8")
    (folder / "model.toml").write_text(text.split("\n[[files]]")[0], "utf-8")
    assert load_reader(read_card(folder), torch.device("cpu")) is None


def test_damaged_captions_are_told(tmp_path: Path) -> None:
    folder = folder_with_reader(tmp_path)
    (folder / words.PART / words.CAPTIONS).write_text("{", "utf-8")
    with pytest.raises(ModelError, match="missing or damaged"):
        load_reader(read_card(folder), torch.device("cpu"))


def test_the_shipped_captions_are_those_of_the_recipe() -> None:
    shipped = ROOT / "models" / "memorypack-mini" / words.PART / words.CAPTIONS
    assert json.loads(shipped.read_text("utf-8")) == CAPTIONS


def test_the_shipped_reader_finds_a_wish_behind_a_hundred_words() -> None:
    made = load_reader(read_card(ROOT / "models" / "memorypack-mini"), torch.device("cpu"))
    assert made is not None
    scene = "An old bridge of stone stands over the river, and a white house with a red roof lies behind the trees. "
    assert made.read(5 * scene) == Wish()
    assert made.read(5 * scene + "The camera pans slowly to the left.") == Wish("left", "slow")
