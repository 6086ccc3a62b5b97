"""What else the page can do, a program can too: LoRAs, sound, trims, looks, votes, early changes, presets, the trash of films."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.client import Film, StudioError
from studio.media.clip import write_clip
from studio.project.store import CLIP
from tests.api.conftest import Served, served
from tests.api.test_films import film_of
from tests.lora_shelves import lora
from tests.media.sounds import saved, tone


@pytest.fixture
def made(own: Served) -> Film:
    """A film of two takes."""
    film = film_of(own, "one", "two")
    list(film.generate())
    film.status()
    return film


def code(call: Any, *values: Any, **named: Any) -> str:
    with pytest.raises(StudioError) as error:
        call(*values, **named)
    return error.value.code


def takes(film: Film) -> list[str]:
    return [segment["take"] for segment in film.status()["segments"] if segment["take"]]


def test_loras(own: Served, tmp_path: Path) -> None:
    film = film_of(own, "one", "two", "three")
    first, second, third = (segment["id"] for segment in film.state["segments"])
    put, = film.add_lora(first, lora(tmp_path), strength=0.8)["segments"][0]["loras"]
    assert (put["name"], put["strength"]) == ("ink.safetensors", 0.8)
    assert [each["name"] for each in film.loras() if each["fits"] and each["id"] == put["id"]] == ["ink.safetensors"]
    assert film.use_lora(second, put["id"], -1.5)["segments"][1]["loras"][0]["strength"] == -1.5
    assert film.use_lora(second, put["id"])["segments"][1]["loras"][0]["strength"] == -1.5, "null: as it is there"
    assert [len(segment["loras"]) for segment in film.spread_lora(first, put["id"])["segments"]] == [1, 1, 1]
    assert [len(segment["loras"]) for segment in film.remove_lora(third, put["id"])["segments"]] == [1, 1, 0]
    assert list(film.generate(all=False))[-1]["state"] == "done"
    assert own.engine.requests[-1].loras, "it acts"

    (tmp_path / "none.safetensors").write_bytes(b"no LoRA")
    assert code(film.add_lora, first, tmp_path / "none.safetensors") == "file"
    assert code(film.use_lora, second, "0" * 64) == "refused"
    assert code(film.use_lora, "no-such-segment", put["id"]) == "not_found"
    assert code(film.use_lora, second, "../" + put["id"]) == "bad_input"
    assert code(film.remove_lora, third, put["id"]) == "refused"


def test_a_shared_studio_lists_the_loras_of_a_film_alone(shared_page: Served, tmp_path: Path) -> None:
    mine, other = shared_page.client().create("Mine"), shared_page.client().create("Other")
    mine.add_lora(mine.add_segment("one")["segments"][0]["id"], lora(tmp_path))
    assert len(mine.loras()) == 1 and other.loras() == []


def test_sound(own: Served, tmp_path: Path) -> None:
    film = film_of(own, "one")
    sound = film.set_sound(saved(tmp_path / "sea.wav", "pcm_s16le", tone(2)))["sound"]
    assert sound and (sound["name"], sound["offset"], sound["gain"]) == ("sea.wav", 0, 0)
    assert sound["seconds"] == pytest.approx(2, abs=0.1)
    assert film.place_sound(offset=-0.5)["sound"] == {**sound, "offset": -0.5}
    assert film.place_sound(gain=-6)["sound"] == {**sound, "offset": -0.5, "gain": -6}
    assert film.remove_sound()["sound"] is None
    assert code(film.place_sound, offset=1) == "refused"
    assert code(film.set_sound, own.picture) == "file"


def test_trims_and_stars(made: Film) -> None:
    first, second = takes(made)
    shown = made.trim(second, first=1, end=3, loop="there and back", times=2)["takes"][1]
    assert shown["trim"] == {"first": 1, "end": 3, "loop": "there and back", "times": 2} and shown["frames"] == 4
    assert made.trim(second, times=3)["takes"][1]["trim"] == {**shown["trim"], "times": 3}, "what is null stays"
    assert made.trim(second, first=0, end=0, loop="once")["takes"][1]["trim"] is None
    assert code(made.trim, second, first=9) == "refused"
    assert code(made.trim, "no-such-take", first=1) == "not_found"
    assert code(made.trim, second, loop="for ever") == "bad_input"
    assert [take["star"] for take in made.star(first)["takes"]] == [True, False]
    assert [take["star"] for take in made.star(first, on=False)["takes"]] == [False, False]


def test_looks(own: Served, made: Film) -> None:
    first, second = takes(made)
    for take in (first, second):
        frames = np.random.default_rng(0).integers(0, 255, (4, 48, 64, 3), np.uint8)
        write_clip(own.studio.open(made.id).store.take_folder(take) / CLIP, frames, 12)
    held = made.hold_look(first, second, 0.5, after=True)["takes"]
    assert held[0]["look"] == {"match": second, "strength": 0.5, "context": False} and held[1]["look"] is None
    assert made.hold_look(first, strength=1)["takes"][0]["look"] == {"match": second, "strength": 1, "context": False}
    assert made.drop_look(first, after=True)["takes"][0]["look"] is None
    assert code(made.hold_look, first, first) == "refused"
    assert code(made.hold_look, first, "../x") == "bad_input"
    assert made.hold_look(first, second, context=True)["takes"][0]["look"]["context"]


def test_blind_votes(made: Film) -> None:
    assert made.next_pair() == {"left": None, "right": None, "votes": 0}
    first, second = takes(made)
    list(made.retake(second, seed=5))
    pair = made.next_pair(place=1)
    assert second in (pair["left"], pair["right"]) and made.ratings() == []
    assert made.vote(pair["left"], pair["right"], "left")["votes"] == 1
    best, worst = made.ratings(place=1)
    assert (best["player"], best["wins"], best["elo"], best["low"]) == (pair["left"], 1, 1516, None) and worst["losses"] == 1
    assert made.ratings(place=0) == [] and made.drop_vote()["votes"] == 0
    assert code(made.drop_vote) == "refused"
    assert code(made.vote, first, second, "left") == "refused"
    assert code(made.vote, "no-such-take", second, "left") == "not_found"
    branch = made.state["branch"]
    made.branch(first)
    assert code(made.ratings, branch=branch, other=branch) == "refused"
    assert made.ratings(branch=branch, other=made.state["branch"]) == []
    assert made.next_pair(branch=branch, other=made.state["branch"])["left"] is None


@pytest.mark.parametrize(("then", "events"), [("keep", 1), ("again", 2), ("bridge", 2)])
def test_early_changes(made: Film, then: str, events: int) -> None:
    before = takes(made)
    first = made.state["segments"][0]["id"]
    costs = {each["then"]: each for each in made.early_costs("insert", first, prompt="zero", seconds=0.3)}
    assert {name: cost["takes"] for name, cost in costs.items()} == {"keep": 1, "again": 3, "bridge": 2}
    made.edit_segment(made.state["segments"][0]["id"], prompt="another")
    assert code(made.change_early, "remove", then, "no-such-segment") == "not_found"
    changed = list(made.change_early("remove", then, first, frames=2))
    assert changed[-1]["state"] == "done" and len(changed) >= events
    state = made.status()
    assert [segment["prompt"] for segment in state["segments"]] == ["two"] and len(state["branches"]) == 2
    assert takes(made)[0] not in before and next(b for b in state["branches"] if not b["current"])["takes"] == before


def test_presets(own: Served) -> None:
    film = film_of(own, "one")
    presets = film.presets()
    assert {"draft", "standard"} <= {each["name"] for each in presets} and not any(each["own"] for each in presets)
    assert [each["steps"] for each in presets] == sorted(each["steps"] for each in presets)
    assert film.apply_preset("standard")["preset"] == "standard"
    name = film.save_preset("Mine", steps=3, guidance=1.5)["preset"]
    mine = next(each for each in film.presets() if each["own"])
    assert (mine["name"], mine["title"], mine["steps"], mine["guidance"]) == (name, "Mine", 3, 1.5)
    film.save_preset("Mine", steps=4)
    assert [(each["steps"], each["guidance"]) for each in film.presets() if each["own"]] == [(4, 1.5)], "in its place"
    assert film.remove_preset(name)["preset"] == name and not any(each["own"] for each in film.presets())
    assert code(film.remove_preset, "draft") == "refused" and code(film.apply_preset, "../draft") == "refused"
    assert code(film.save_preset, " ", steps=3, guidance=1) == "refused"


def test_the_trash_of_films(own: Served, made: Film) -> None:
    studio, folder = own.client(), own.studio.home / made.id
    assert made.trash_film()["name"] == "A film" and not folder.exists()
    assert code(made.status) == "not_found" and made.id not in {each["id"] for each in studio.films()}
    listed = next(each for each in studio.trashed_films() if each["id"] == made.id)
    assert listed["name"] == "A film" and listed["bytes"] > 1000 and studio.trashed_films(known=[]) == []
    assert len(made.restore_film()["takes"]) == 2 and folder.is_dir()
    assert code(studio.delete_film, made.id) == "not_found", "it is not in the trash"
    made.trash_film()
    assert studio.delete_film(made.id)["id"] == made.id
    assert made.id not in {each["id"] for each in studio.trashed_films()} and code(made.restore_film) == "not_found"
    for guess in ("../x", "/etc", "..", "*"):
        assert code(studio.delete_film, guess) == code(studio.restore_film, guess) == "not_found", guess
    busy = film_of(own, "one")
    own.engine.step_seconds = 0.2
    events = busy.generate()
    assert code(busy.trash_film) == "busy"
    busy.cancel()
    assert list(events)[-1]["state"] == "cancelled"


def test_a_shared_studio_tells_of_no_film_in_the_trash_and_saves_no_preset(tmp_path: Path) -> None:
    with served(tmp_path, public=True) as page:
        film = page.client().create("Mine")
        assert code(film.save_preset, "Mine", steps=3, guidance=1) == "refused"
        film.trash_film()
        assert page.client().trashed_films() == []
        assert [each["id"] for each in page.client().trashed_films(known=[film.id])] == [film.id]
        assert page.client().restore_film(film.id).state["name"] == "Mine"
