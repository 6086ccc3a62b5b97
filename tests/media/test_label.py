"""The label in the corner of a film: readable on light and dark, inside the frame, in any script, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.media import MediaError
from studio.media.clip import read_clip
from studio.media.export import TITLE_SECONDS, compose
from studio.media.label import Label

TEXT = "Made with AI"


@pytest.mark.parametrize(("width", "height"), [(640, 384), (384, 640), (64, 48), (1280, 768)])
@pytest.mark.parametrize("ground", [0, 128, 255])
def test_it_is_readable_in_its_corner(width: int, height: int, ground: int) -> None:
    frame = np.full((height, width, 3), ground, np.uint8)
    labelled = Label(TEXT, width, height).put(frame)
    changed = np.abs(labelled.astype(int) - frame).max(axis=2)
    rows, columns = np.nonzero(changed > 8)
    assert rows.min() > height // 2 and columns.min() > width // 4 and frame.max() == ground, "a copy, in the lower right"
    assert rows.max() < height - 1 and columns.max() < width - 1
    light = labelled.astype(int).mean(axis=2)[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    assert light.max() - light.min() > 100, "ink beside ground, or beside its shadow"


@pytest.mark.parametrize("text", ["AI ile yapıldı", "Σήμανση", "KI" * 60, " x "])
def test_any_text_fits(text: str) -> None:
    frame = np.zeros((96, 160, 3), np.uint8)
    assert Label(text, 160, 96).put(frame).any()


def test_it_is_in_all_frames_of_the_film_and_not_in_the_title(tmp_path: Path, clip: Callable[..., Path]) -> None:
    film = clip("film.mp4", frames=24)
    compose(film, tmp_path / "plain.mp4", title="Sea")
    compose(film, tmp_path / "out.mp4", title="Sea", label=TEXT)
    plain, labelled = (read_clip(tmp_path / name).astype(int) for name in ("plain.mp4", "out.mp4"))
    assert labelled.shape == plain.shape
    differences = np.abs(labelled - plain)[:, -plain.shape[1] // 4 :, plain.shape[2] // 2 :].max(axis=(1, 2, 3))
    opening = round(12 * TITLE_SECONDS)
    assert differences[: opening - 12].max() < 40 and differences[opening:].min() > 60


def test_a_letter_that_no_font_has_is_said_before(tmp_path: Path, clip: Callable[..., Path]) -> None:
    with pytest.raises(MediaError, match="No font"):
        compose(clip("film.mp4", frames=3), tmp_path / "out.mp4", label="\U00013000")
    assert not (tmp_path / "out.mp4").exists()
