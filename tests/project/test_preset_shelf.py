"""Presets of the artist's own: saved, scaled to every model, removed, and none of them in the way when its file is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.project.limits import EditError
from studio.project.preset_shelf import MOST, PresetShelf
from studio.session import Studio
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, make_studio, render_all


def test_a_preset_is_saved_and_read_again(tmp_path: Path) -> None:
    shelf = PresetShelf(tmp_path / "presets")
    saved = shelf.save("  Night\n“tests” = 1\\ ", 30, 7.5, 0.05, usual=25)
    assert saved.title == "Night “tests” = 1\\" and saved in PresetShelf(tmp_path / "presets").all()
    assert saved.settings(25, 10.0, ["first-block"]).steps == 30 and saved.settings(25, 10.0, ["first-block"]).guidance == 7.5
    assert saved.settings(8, 1.0).steps == 10 and saved.settings(8, 1.0).cache == 0
    again = shelf.save("Night “tests” = 1\\", 5, None, 0, usual=25)
    assert [p for p in shelf.all() if p.title == saved.title] == [again], "one of the same name is replaced"
    shelf.remove(again.name)
    assert not shelf.own()
    with pytest.raises(EditError, match="none of your own"):
        shelf.remove("standard")
    with pytest.raises(EditError, match="There is no preset"):
        shelf.named(again.name)


def test_titles_of_any_script_are_presets_of_their_own(tmp_path: Path) -> None:
    shelf = PresetShelf(tmp_path)
    titles = ["夜", "昼", "…", "!!!", "Night", "Night 1", "Ночь"]
    for title in titles:
        shelf.save(title, 8, None, 0, usual=8)
    assert sorted(p.title for p in shelf.own()) == sorted(titles)


def test_own_presets_take_no_others_place(tmp_path: Path) -> None:
    shelf = PresetShelf(tmp_path)
    shelf.save("Standard", 3, None, 0, usual=8)
    assert {"standard", "own-standard"} <= {p.name.lower()[:12].rstrip("-") for p in shelf.all()}
    assert shelf.named("standard").steps == 8


@pytest.mark.parametrize("values", [{"title": " "}, {"steps": 0}, {"steps": 201}, {"guidance": -1.0}, {"cache": 2.0}])
def test_what_is_not_accepted_is_not_saved(tmp_path: Path, values: dict[str, object]) -> None:
    usual: dict[str, object] = {"title": "A", "steps": 8, "guidance": 1.0, "cache": 0.0}
    with pytest.raises(EditError):
        PresetShelf(tmp_path).save(**{**usual, **values}, usual=8)  # type: ignore[arg-type]
    assert not list(tmp_path.glob("*"))


def test_damaged_files_are_left_out(tmp_path: Path) -> None:
    shelf = PresetShelf(tmp_path)
    kept = shelf.save("Kept", 8, None, 0, usual=8)
    (tmp_path / "own-broken.toml").write_text("title = ")
    (tmp_path / "own-wrong.toml").write_bytes(b"\xff\xfe\0")
    (tmp_path / "own-folder.toml").mkdir()
    assert shelf.own() == (kept,)
    (tmp_path / "own-kept.toml").unlink(missing_ok=True)


def test_there_is_an_end_to_presets(tmp_path: Path) -> None:
    shelf = PresetShelf(tmp_path)
    for n in range(MOST):
        shelf.save(f"Preset {n}", 8, None, 0, usual=8)
    with pytest.raises(EditError, match=f"{MOST} presets of your own"):
        shelf.save("One more", 8, None, 0, usual=8)
    shelf.save("Preset 3", 9, None, 0, usual=8)


def test_a_preset_that_is_saved_is_used_by_all_films(tmp_path: Path) -> None:
    studio = make_studio(tmp_path)
    first, second = make_film(studio, "a"), make_film(studio, "b")
    first.save_preset("Mine", 3, 2.5, 0.0)
    assert (first.project.settings.steps, first.project.settings.guidance) == (3, 2.5)
    second.apply_preset(first.project.settings.preset)
    assert second.project.settings == first.project.settings
    render_all(second)
    assert second.project.film()[0].settings.steps == 3
    first.undo()
    assert first.project.settings.steps != 3 and studio.presets


def test_nobody_saves_presets_on_a_shared_studio(tmp_path: Path) -> None:
    studio = Studio(tmp_path, FakeEngine(), (card(),), shared=True)
    with pytest.raises(EditError, match="On a shared studio"):
        studio.create().save_preset("Mine", 3, 2.5, 0.0)
