"""Free phrasings by hand: the shipped reader understands them, nothing else does anything, and films show what was read."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch

from studio.backbones.animatic.load import load_reader
from studio.backbones.animatic.state import FilmState
from studio.backbones.animatic.words import QUESTIONS, Wish, WordReader
from studio.backbones.load import load
from studio.catalogue.cards import read_card
from studio.catalogue.fingerprint import fingerprint
from studio.lab.measure import words
from studio.lab.measure.filming import photographs
from studio.lab.measure.shown import shown_wish
from studio.lab.measure.words import seen
from studio.lab.photographs import COLOURFUL
from studio.lab.phrasings import BY_A_STRANGER, FOR_CHOOSING, read_phrasings
from studio.lab.world.light import FLICKER, target_gain

FOLDER = Path(__file__).parents[3] / "models" / "memorypack-mini"


@cache
def reader() -> WordReader:
    made = load_reader(read_card(FOLDER), torch.device("cpu"))
    assert made is not None
    return made


def test_there_are_phrasings_of_every_wish() -> None:
    phrasings = read_phrasings()
    asked = [phrasing for phrasing in phrasings if phrasing.kind == "wish"]
    assert len(asked) >= 200 and len({phrasing.words for phrasing in phrasings}) == len(phrasings)
    for name in ("camera", "light", "weather"):
        counts = Counter(answer for phrasing in asked for answer in getattr(phrasing, name))
        assert all(counts[answer] >= 5 for answer in QUESTIONS[name] if answer), counts
    assert {phrasing.kind for phrasing in phrasings} == {"wish", "scene", "wind", "nonsense"}


def test_phrasings_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.toml holds no phrasings"):
        read_phrasings(tmp_path / "none.toml")


def test_the_shipped_reader_understands_free_phrasings() -> None:
    rows = [(phrasing, phrasing.fits(reader().read(phrasing.words))) for phrasing in read_phrasings()]
    wrong = [phrasing.words for phrasing, right in rows if not right]
    assert len(wrong) <= 0.05 * len(rows), wrong


@pytest.mark.parametrize("path", [FOR_CHOOSING, BY_A_STRANGER], ids=["that it was chosen with", "by a stranger"])
def test_other_phrasings_are_others_and_nine_in_ten_are_understood(path: Path) -> None:
    chosen = read_phrasings(path)
    assert not {phrasing.words.lower() for phrasing in chosen} & {phrasing.words.lower() for phrasing in read_phrasings()}
    wrong = [phrasing.words for phrasing in chosen if not phrasing.fits(reader().read(phrasing.words))]
    assert len(wrong) <= 0.1 * len(chosen), wrong


@pytest.mark.parametrize("kind", ["scene", "wind", "nonsense"])
def test_what_asks_for_nothing_does_nothing(kind: str) -> None:
    rows = [(phrasing.words, reader().read(phrasing.words)) for phrasing in read_phrasings() if phrasing.kind == kind]
    assert all(wish == Wish() for _, wish in rows), [row for row in rows if row[1] != Wish()]


@pytest.mark.parametrize(("prompt", "wish"), [
    ("lower the view to the ground", Wish("down")), ("retreat slowly", Wish("dolly out", "slow")), ("a window", Wish()),
    ("a winding road", Wish()), ("the wind blows", Wish(weather="wind")),
])
def test_what_was_wrong_with_words_is_right(prompt: str, wish: Wish) -> None:
    assert reader().read(prompt) == wish


def test_the_reader_does_not_change_the_name_of_the_weights() -> None:
    """Snapshots of projects from before the reader are accepted."""
    assert fingerprint(read_card(FOLDER)) == "memorypack-mini:81ee1734b160b20a:299194e2b2c7441f"


def state(
    pose: list[tuple[float, float, float]], light: torch.Tensor | None = None, weather: tuple[float, ...] = (0, 0, 0)
) -> FilmState:
    """A state of so many latents, [1, W]."""
    count = len(pose)
    light = torch.zeros(1, count, 3, 4, 6) if light is None else light.expand(1, count, 3, 4, 6)
    amounts = torch.tensor(weather, dtype=torch.float32).expand(1, count, 3)
    return FilmState(torch.tensor(pose)[None], light, amounts, torch.zeros(1, count))


def way(x: float, y: float, zoom: float, soft: bool = False) -> list[tuple[float, float, float]]:
    """An even or soft way through nine latents."""
    shares = [n / 9 for n in range(1, 10)]
    shares = [s * s * (3 - 2 * s) if soft else s for s in shares]
    return [(x * s, y * s, zoom * s) for s in shares]


@pytest.mark.parametrize(("after", "wish"), [
    (state(way(0, 0, 0)), Wish()), (state(way(-9, 0, 0)), Wish("left")), (state(way(4.4, 0, 0)), Wish("right", "slow")),
    (state(way(0, -17, 0)), Wish("up", "fast")), (state(way(0, 9, 0, True)), Wish("down", eased=True)),
    (state(way(0, 0, 0.2)), Wish("in")), (state(way(0, 0, -0.39, True)), Wish("out", "fast", True)),
    (state([(0.2, 0.1, 0), (-0.2, 0, 0)] * 4 + [(0, 0, 0)]), Wish("shake")),
    (state(way(0, 0, 0), target_gain("night", 4, 6)), Wish(light="night")),
    (state(way(0, 0, 0), target_gain("lamp", 4, 6)), Wish(light="lamp")),
    (state(way(0, 0, 0), weather=(0, 1, 0)), Wish(weather="rain")),
])
def test_what_a_section_shows(after: FilmState, wish: Wish) -> None:
    assert shown_wish(state([(0, 0, 0)]), after, 0.0) == wish


def test_wind_flicker_and_what_comes_back() -> None:
    still, start = state(way(0, 0, 0)), state([(0, 0, 0)])
    assert shown_wish(start, still, 1.0) == Wish(weather="wind")
    wave = FLICKER * torch.tensor([1.0, -1, 0] * 3).view(1, 9, 1, 1, 1)
    assert shown_wish(start, state(way(0, 0, 0), wave), 0.0) == Wish(light="flicker")
    changed = state([(0, 0, 0)], target_gain("night", 4, 6), (1, 0, 0))
    assert shown_wish(changed, still, 0.0) == Wish(light="day", weather="clear")


def test_a_dolly_looks_like_a_zoom() -> None:
    assert seen(Wish("dolly in", "slow"), Wish("in", "slow")) and not seen(Wish("dolly in"), Wish("out"))


STEPS = 2
"""What captions ask for is settled in the first steps."""


@pytest.mark.slow
def test_films_show_what_is_read_and_nonsense_leaves_the_picture() -> None:
    torch.set_num_threads(1)
    card = read_card(FOLDER)
    model, subject = load(replace(card, steps=STEPS), "cpu"), photographs(COLOURFUL[:1])[0]
    figures = words.measure(model, subject, 160, 96, every=45)
    assert figures["asked"]["followed"]["accuracy"] >= 0.8, figures["wrong"]      # of 8; of all 270 it is 94 %
    picture = 2 * subject.picture(160, 96) - 1
    given_back = model.codec.decode(model.codec.encode(picture[None]))[0, :, -1]
    own = float(10 * torch.log10(4 / (given_back - picture).square().mean()))          # 31.8 dB; at 320x192 it is 37.6
    assert own > 30 and figures["nothing"]["psnr"] >= own - 0.1
