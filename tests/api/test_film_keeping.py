"""A program keeps its films: trash, weight, drift, retries, tags, copies, films from files; and gets all exports."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.client import Film
from studio.lab.measure.mark_films import pan
from studio.media.clip import write_clip
from studio.media.invisible_mark import InvisibleMark
from studio.project.store import CLIP
from studio.session.invisible_marks import mark_number
from tests.api.conftest import Served
from tests.api.test_page_verbs import code, takes
from tests.lora_shelves import lora
from tests.media.sounds import saved, tone


@pytest.fixture
def made(own: Served) -> Film:
    """A film of three takes."""
    return own.film("one", "two", "three")


def test_the_trash_of_a_film(made: Film) -> None:
    first, second, third = takes(made)
    assert made.trash() == {"takes": [], "branches": []}
    made.rewind(first)
    main = made.state["branch"]
    made.branch(first)
    made.drop_branch(main)
    assert len(made.state["branches"]) == 1
    made.drop_takes([second])
    trash = made.trash()
    assert {take["id"]: (take["prompt"], take["index"]) for take in trash["takes"]} == {second: ("two", 1), third: ("three", 2)}
    assert [branch["id"] for branch in trash["branches"]] == [main] and all(take["bytes"] for take in trash["takes"])
    assert second in {take["id"] for take in made.restore_takes([second])["takes"]}, "a single one"
    assert {branch["id"] for branch in made.restore_branch(main)["branches"]} >= {main}
    assert made.trash() == {"takes": [], "branches": []}
    made.drop_branch(main)
    made.drop_takes([third])
    assert code(made.empty_trash, [first]) == "refused" and code(made.restore_branch, "x") == code(made.restore_takes, ["x"])
    emptied = made.empty_trash([third], [main])
    assert made.trash() == {"takes": [], "branches": []} and second in {take["id"] for take in emptied["takes"]}
    assert code(made.restore_takes, [third]) in ("not_found", "refused")


def test_what_it_weighs(own: Served, made: Film) -> None:
    first, second, _ = takes(made)
    weight = made.weigh()
    assert weight["removable"] == [first, second] and 0 < weight["freed"] < weight["memory"] and weight["clips"] > 0
    assert made.weigh(every=2)["removable"] == [first] and code(made.weigh, every=1) == "bad_input"
    assert made.thin() == weight["freed"] and made.weigh()["freed"] == 0
    assert [take["thinned"] for take in made.state["takes"]] == [True, True, False]
    assert [event["state"] for event in made.make_again_events()] == ["idle"]
    last = list(made.make_again(second))[-1]
    assert (last["state"], last["take"], last["sections"]) == ("done", second, 2)
    assert not any(take["thinned"] for take in made.status()["takes"])
    assert code(made.make_again, second) == "refused" and made.cancel_make_again()["id"] == made.id


def test_drift_and_retries(own: Served) -> None:
    film = own.film(*"abcd")
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    for number, take in enumerate(takes(film)):
        frame = np.clip(128 + (noise.astype(int) - 128) * 0.7**number, 0, 255).astype(np.uint8)
        write_clip(own.studio.open(film.id).store.take_folder(take) / CLIP, np.stack([frame] * 4), 12)
    drift = film.drift()
    assert [row["index"] for row in drift["takes"]] == [0, 1, 2, 3] and drift["takes"][0]["contrast"] == 1
    contrast = [row["contrast"] or 0 for row in drift["takes"]]
    assert contrast == sorted(contrast, reverse=True) and contrast[-1] < 0.6 and not any(row["problem"] for row in drift["takes"])
    assert drift["rewind"] and drift["rewind"]["take"] == takes(film)[0] and "fallen by" in drift["rewind"]["sentence"]
    film.rewind(takes(film)[1])
    assert film.drift()["rewind"] is None, "of the film up to the head"
    assert film.set_retries(2, "contrast", 0.9)["retries"] == {"times": 2, "measure": "contrast", "threshold": 0.9}
    assert film.set_retries(times=0)["retries"] == {"times": 0, "measure": "contrast", "threshold": 0.9}, "what is null stays"
    assert code(film.set_retries, times=5) == code(film.set_retries, measure="beauty") == "bad_input"


def test_the_library(own: Served, made: Film, tmp_path: Path) -> None:
    studio = own.client()
    assert made.tag_film(["sea", "#Night"])["tags"] == ["sea", "Night"] and code(made.tag_film, ["x" * 50]) == "refused"
    copy = made.duplicate_film()
    assert copy.id != made.id and copy.state["name"] == "A film (copy)" and len(copy.state["takes"]) == 3
    tagged = studio.films(tag="night", order="name")
    assert [each["id"] for each in tagged if each["id"] in (made.id, copy.id)] == [made.id, copy.id]
    copy.tag_film([])
    assert copy.id not in {each["id"] for each in studio.films(tag="night")} and code(studio.films, order="beauty") == "bad_input"
    packed = made.export(tmp_path / "film.zip", what="project")
    arrived = studio.import_film(packed)
    assert arrived.id not in (made.id, copy.id) and len(arrived.state["takes"]) == 3
    assert code(studio.import_film, own.picture) == "file"
    opened = studio.open_file(made.export(tmp_path / "film.mp4"))
    assert opened and opened[1] == made.state["head"] and studio.open_file(own.picture) is None
    write_clip(tmp_path / "sea.mp4", np.stack([InvisibleMark(7, 320, 192).put(pan("sea", 1, (320, 192))[0])]), 24)
    read = studio.read_mark(tmp_path / "sea.mp4")
    assert read["found"] and read["number"] == 7 and read["score"] > read["least"]
    assert set(read["films"]) == {each["id"] for each in studio.films() if mark_number(each["id"]) == 7}, "one in 1024 has it"
    assert studio.read_mark(made.export(tmp_path / "plain.mp4"))["number"] is None and code(studio.read_mark, own.picture) == "file"
    assert code(made.export, tmp_path / "small.mp4", invisible_mark=True) == "file"
    sample = studio.about()["samples"][0]["name"]
    assert studio.open_sample(sample).state["segments"] and code(studio.open_sample, "../hills") == "bad_input"


def test_a_shared_studio_opens_no_film_by_its_export(shared_page: Served, tmp_path: Path) -> None:
    film = shared_page.film("one")
    exported = film.export(tmp_path / "film.mp4")
    client = shared_page.client()
    stranger = client.open_file(exported)
    assert stranger and stranger[0].id != film.id and not stranger[0].state["takes"], "a new film of the same recipe"
    known = client.open_file(exported, known=[film.id])
    assert known and known[0].id == film.id


def test_exports(own: Served, made: Film, tmp_path: Path) -> None:
    beside = json.loads(made.export(tmp_path / "film.mp4.json", what="sidecar").read_text())
    assert beside
    audio = saved(tmp_path / "sea.wav", "pcm_s16le", tone(1))
    titled = made.export(tmp_path / "titled.mp4", title="Sea", fade=0.1, rate=24, blend=True, audio=audio)
    assert titled.stat().st_size > made.export(tmp_path / "plain.mp4").stat().st_size
    assert made.export(tmp_path / "board.pdf", what="storyboard", paper="letter").read_bytes()[:4] == b"%PDF"
    assert code(made.export, tmp_path / "x.zip", what="frames", first=-1) == "bad_input"
    pair = [take["id"] for take in made.state["takes"]][-1]
    list(made.retake(pair, seed=5))
    drawn = made.next_pair(place=2)
    assert code(made.export_ratings, tmp_path / "votes.csv") == "refused"
    made.vote(drawn["left"], drawn["right"], "left")
    assert len(made.export_ratings(tmp_path / "votes.csv").read_text().splitlines()) == 3


def test_an_audition_over_strengths_and_a_take_that_is_finished(own: Served, tmp_path: Path) -> None:
    film = own.film("one", sections=2, made=False)
    [put] = film.add_lora(film.state["segments"][0]["id"], lora(tmp_path))["segments"][0]["loras"]
    last = list(film.audition(seeds=1, lora=put["id"], strengths=[0.5, 1.0]))[-1]
    assert last["state"] == "done" and len(last["takes"]) == 2
    assert [request.loras[0].strength for request in own.engine.requests[-2:]] == [0.5, 1.0]
    own.engine.gate = threading.Semaphore(own.studio.open(film.id).project.settings.steps + 1)      # a step of the second section
    events = film.generate()
    next(event for event in events if event["section"] == 1)
    film.cancel()
    assert list(events)[-1]["state"] == "cancelled"
    own.engine.gate = None
    [partial] = [take for take in film.status()["takes"] if take["state"] == "partial"]
    assert list(film.finish(partial["id"]))[-1]["state"] == "done"
    assert not [take for take in film.status()["takes"] if take["state"] == "partial"]


def test_what_is_remembered_is_seen(own: Served, made: Film, tmp_path: Path) -> None:
    head = str(made.state["head"])
    assert code(made.look, tmp_path / "memory.webp", kind="memory") == "refused"
    Image.new("RGB", (96, 48), "navy").save(own.studio.open(made.id).store.take_folder(head) / "memory.webp")
    assert Image.open(made.look(tmp_path / "memory.webp", [head], "memory")).size == (96, 48)
