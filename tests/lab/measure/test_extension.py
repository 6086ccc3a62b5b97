"""The measure of new ground, and the thresholds that it keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from studio.lab.measure import extension


def test_mirrored_ground_is_recognized() -> None:
    picture = extension.load("lighthouse", 160)
    sides = (40, 24, 40, 24)
    figures = extension.ground_figures(picture, extension.mirror_ground(picture, sides), sides)
    assert figures["mirror_share"] > 0.98 and figures["telling"] > 0.1 and figures["copies"] > 0.1


def test_a_hard_edge_is_a_seam() -> None:
    picture = extension.load("lighthouse", 160)
    whole = np.pad(picture, ((10, 10), (10, 10), (0, 0)), constant_values=255)
    assert extension.seam(picture, whole, (10, 10, 10, 10)) > 3
    assert extension.seam(picture[10:-10, 10:-10], picture, (10, 10, 10, 10)) == pytest.approx(1, abs=0.4)


def test_real_ground_is_like_the_picture_and_like_its_mirror_image() -> None:
    figures = extension.real_figures(extension.load("lighthouse", 320))
    assert 0.35 < figures["mirror_share"] < 0.65 and figures["copies"] < 0.3


@pytest.mark.parametrize(("name", "longest"), [("lighthouse", 640), pytest.param("coffee", 480, marks=pytest.mark.slow)])
def test_the_ground_keeps_its_thresholds(name: str, longest: int) -> None:
    """At 320 pixels every other patch lies across a join, and the mirror share counts joins; so the picture is larger."""
    picture = extension.load(name, longest)
    height, width = picture.shape[:2]
    sides = (width // 4, 0, 0, height // 4)
    figures = extension.ground_figures(picture, extension.extend(picture, *sides), sides)
    assert figures["mirror_share"] < extension.LARGEST_MIRROR_SHARE + 0.05, figures
    assert figures["seam"] < extension.LARGEST_SEAM, figures
    assert figures["copies"] < 0.1, figures


def test_figures_table_and_sheet(tmp_path: Path) -> None:
    figures = extension.measure(tmp_path, ["desert"], 80)
    table = extension.markdown(figures)
    assert "| desert |" in table and "| mean |" in table and len({line.count("|") for line in table.splitlines()[:-2]}) == 1
    ours = figures["pictures"]["desert"]["fill"]["mirror_share"]
    assert figures["mean"]["fill"]["together"] == pytest.approx(ours)
    assert f"{ours:.1%} are like a mirror image" in table.splitlines()[-1]
    assert (tmp_path / "extension.png").stat().st_size > 1000 and (tmp_path / "desert.png").exists()


def test_together_a_picture_counts_by_its_patches_that_can_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shares = iter([(0.5, 0.1), (1.0, 0.4), (0.5, 0.4), (0.1, 0.9), (1.0, 0.4), (0.5, 0.4)])
    monkeypatch.setattr(extension, "mirror_share", lambda *_: next(shares))
    mean = extension.measure(tmp_path, ["desert", "sea"], 80)["mean"]
    assert mean["fill"]["mirror_share"] == pytest.approx(0.3) and mean["fill"]["together"] == pytest.approx(0.14)
    assert mean["mirror"]["together"] == 1


def test_an_unknown_picture() -> None:
    with pytest.raises(ValueError, match="no photograph 'nobody'"):
        extension.load("nobody", 160)
