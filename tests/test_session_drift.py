"""The drift of a film's takes: measured once and kept, what suggests a rewind and what does not, and damage of every kind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from studio.engine.identity import Identity
from studio.media.clip import Frame, write_clip
from studio.project.edits import rewind
from studio.project.model import Shot
from studio.project.shots import set_shot
from studio.project.store import CLIP
from studio.session import Session
from studio.session import looks as looks_module
from studio.session.drift import TakeDrift, drift_of, suggest
from studio.session.looks import FILE, Looks
from tests.shelves import make_film, make_studio, render_all

PICTURE = Path(__file__).parents[1] / "assets" / "examples" / "lighthouse" / "lighthouse.jpg"
LIGHTHOUSE = np.asarray(Image.open(PICTURE).convert("RGB").resize((320, 192)))


def film_of(tmp_path: Path, *frames: Frame) -> Session:
    """A film of one take for each frame, which its clip shows."""
    session = render_all(make_film(make_studio(tmp_path), *"abcdef"[: len(frames)]))
    for take, frame in zip(session.project.path(), frames, strict=True):
        write_clip(session.store.take_folder(take.id) / CLIP, np.stack([frame] * 4), 12)
    return session


def blurred(amount: float) -> Frame:
    return cv2.GaussianBlur(LIGHTHOUSE, (0, 0), amount)


def sharp(*values: float, contrast: float | None = 1.0) -> Iterator[TakeDrift]:
    return (TakeDrift(f"t{n}", n, value, contrast) for n, value in enumerate(values, 1))


def test_a_film_that_blurs_is_told_where_to_rewind(tmp_path: Path) -> None:
    session = film_of(tmp_path, LIGHTHOUSE, LIGHTHOUSE, blurred(0.6), blurred(0.8), blurred(1.1))
    rows, suggestion = drift_of(session.project, session.looks)
    second = session.project.path()[1]
    assert rows[1].sharpness == pytest.approx(1, abs=0.01) and (rows[4].sharpness or 1) < 0.6
    assert suggestion and (suggestion.take, suggestion.segment) == (second.id, 2)
    fall = round(100 * (1 - (rows[4].sharpness or 0) / (rows[1].sharpness or 1)))
    assert suggestion.sentence == f"Sharpness has fallen by {fall} % since segment 2. Rewind there?"
    assert (rows[4].palette or 0) > 0.8 and (rows[4].identity or 0) > 0.9, "it is the same picture"
    session.edit(rewind, second.id)
    rows, suggestion = drift_of(session.project, session.looks)
    assert len(rows) == 5 and suggestion is None, "the film ends before the blur now"


@pytest.mark.parametrize(("course", "segment"), [
    ((1, 0.9, 0.8, 0.7), 1), ((1, 1, 0.9, 0.8, 0.7), 2), ((1, 1.4, 1.2, 1.05, 0.85), 2),
    ((1, 0.9, 0.78), 1), ((1, 0.5, 0.49, 0.48), None), ((1, 0.95, 0.9, 0.85), None), ((1, 1.5, 1.3, 1.1), None),
    ((1, 0.9, 0.8, 0.9), None), ((1, 0.7), None), ((1,), None), ((), None),
])
def test_what_creeps_and_what_a_prompt_did(course: tuple[float, ...], segment: int | None) -> None:
    found = suggest(list(sharp(*course)))
    assert (found.segment if found else None) == segment


def test_what_was_asked_for_is_no_drift() -> None:
    rows = list(sharp(1, 0.9, 0.8, 0.7))
    assert suggest([replace(row, asked=("fog",) if row.segment == 3 else ()) for row in rows]) is None
    assert suggest([replace(row, zoomed=("zooms",) if row.segment == 4 else ()) for row in rows]) is None
    longer = [replace(row, asked=("fog",) if row.segment == 2 else ()) for row in sharp(1, 0.9, 0.8, 0.7, 0.6)]
    assert (found := suggest(longer)) and found.segment == 2, "it creeps on after the fog has come"
    darker = [TakeDrift(f"t{n}", n, 1.0, c, zoomed=("zooms",)) for n, c in enumerate((1, 0.85, 0.7, 0.6), 1)]
    assert (found := suggest(darker)) and "Contrast" in found.sentence, "a zoom does not change contrast"


def test_prompts_are_read(tmp_path: Path) -> None:
    session = render_all(make_film(make_studio(tmp_path), "a lighthouse", "night falls", "zoom in"))
    rows, _ = drift_of(session.project, session.looks)
    assert [(row.asked, row.zoomed) for row in rows] == [((), ()), (("night",), ()), ((), ("zoom",))]


def test_each_shot_is_beside_its_own_first_take(tmp_path: Path) -> None:
    session = make_film(make_studio(tmp_path), *"abcd")
    session.edit(set_shot, 2, Shot())
    render_all(session)
    for take, frame in zip(session.project.path(), (LIGHTHOUSE, blurred(0.7), blurred(1.1), blurred(1.1)), strict=True):
        write_clip(session.store.take_folder(take.id) / CLIP, np.stack([frame] * 4), 12)
    rows, suggestion = drift_of(session.project, session.looks)
    assert [row.cut for row in rows] == [True, False, True, False]
    assert (rows[1].sharpness or 1) < 0.9 and rows[2].sharpness == 1 and rows[3].sharpness == pytest.approx(1)
    assert suggestion is None
    cut = [replace(row, cut=row.segment == 4) for row in sharp(1, 0.9, 0.8, 1, 0.88, 0.72)]
    assert (found := suggest(cut)) and found.segment == 4, "the shot before the cut does not count"


def test_contrast_creeps_up_and_down() -> None:
    rows = [TakeDrift(f"t{n}", n, 1.0, value) for n, value in enumerate((1, 1.15, 1.3, 1.5), 1)]
    found = suggest(rows)
    assert found and found.sentence == "Contrast has risen by 50 % since segment 1. Rewind there?"
    found = suggest([TakeDrift(f"t{n}", n, s, c) for n, (s, c) in enumerate(((1, 1), (0.9, 0.85), (0.8, 0.7), (0.7, 0.5)), 1)])
    assert found and found.sentence == "Contrast has fallen by 50 % since segment 1. Rewind there?", "the greater change is named"


def test_takes_that_cannot_be_measured_are_left_out(tmp_path: Path) -> None:
    black = np.zeros_like(LIGHTHOUSE)
    session = film_of(tmp_path, LIGHTHOUSE, LIGHTHOUSE, black)
    first = session.project.path()[0]
    (session.store.take_folder(first.id) / CLIP).unlink()
    rows, suggestion = drift_of(session.project, session.looks)
    assert rows[0].problem.startswith("The clip of this take is missing") and rows[0].sharpness is None
    assert rows[1].sharpness == 1, "the first one that can be measured is the measure"
    assert (rows[2].sharpness, rows[2].contrast, rows[2].identity) == (None, 0, None) and suggestion is None
    for path in session.store.media.glob("*.png"):
        path.unlink()
    rows, _ = drift_of(session.project, Looks(session.store, Identity()))
    assert rows[1].identity == pytest.approx(1) and rows[1].reference is None


def test_a_film_that_begins_black_has_nothing_to_compare_with(tmp_path: Path) -> None:
    session = film_of(tmp_path, np.zeros_like(LIGHTHOUSE), LIGHTHOUSE)
    rows, suggestion = drift_of(session.project, session.looks)
    assert (rows[1].sharpness, rows[1].contrast, suggestion) == (None, None, None)


def test_each_take_is_measured_once_and_a_damaged_file_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = film_of(tmp_path, LIGHTHOUSE, blurred(1))
    take = session.project.path()[0]
    known = session.looks.of(take)
    file = session.store.take_folder(take.id) / FILE
    table = json.loads(file.read_text())
    with monkeypatch.context() as patch:
        patch.setattr(looks_module, "spread_frames", None)
        assert Looks(session.store, Identity()).of(take) == known, "from its file"
    changes = ({"palette": [1]}, {"sharpness": "x"}, {"mean": [1, 2, None]}, {"frames": 99})
    for damage in ("", "[]", "{", *(json.dumps({**table, **change}) for change in changes)):
        file.write_text(damage)
        assert Looks(session.store, Identity()).of(take) == known
        assert json.loads(file.read_text()) == table, "the file is made again"


def test_features_of_an_encoder_are_kept_beside_and_made_when_another_one_comes(tmp_path: Path) -> None:
    class Named(Identity):
        def __init__(self, name: str, features: tuple[float, ...]) -> None:
            super().__init__()
            self._found, self._folder = True, Path(name)
            self._features = lambda frames: np.array([features] * len(frames), np.float32)

    session = film_of(tmp_path, LIGHTHOUSE)
    take = session.project.path()[0]
    assert Looks(session.store, Identity()).of(take).identity == ()
    assert Looks(session.store, Named("dino", (3, 4))).of(take).identity == (0.6, 0.8)
    assert json.loads((session.store.take_folder(take.id) / FILE).read_text())["identity"]["encoder"] == "dino"
    assert Looks(session.store, Named("clip", (0, 1))).of(take).identity == (0, 1)
    assert Looks(session.store, Identity()).of(take).identity == ()
