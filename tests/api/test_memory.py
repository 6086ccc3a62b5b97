"""A program asks whether a film remembers, and what a take uses: it follows the answer, and gets figures and pictures."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from PIL import Image

from studio.client import Film, StudioError
from studio.engine import take_folder
from tests.api.conftest import Served
from tests.api.test_films import film_of
from tests.api.test_page_verbs import code


@pytest.fixture
def film(own: Served) -> Film:
    """A film of two takes, and a segment that is planned."""
    film = film_of(own, "one", "two", "three")
    for _ in range(2):
        list(film.generate(all=False))
    film.status()
    return film


def test_whether_it_remembers(own: Served, film: Film) -> None:
    head, takes = str(film.state["head"]), film.state["takes"]
    assert [(each["state"], each["result"]) for each in film.memory_test_events()] == [("idle", None)]
    offer = film.memory_test(head)
    assert (offer["problem"], offer["prompt"], offer["branch"], offer["result"]) == ("", "three", "", None) and offer["seconds"]
    assert film.memory_test(head, "back again")["prompt"] == "back again"
    own.engine.step_seconds = 0.02
    events = list(film.test_memory(head))
    assert {event["section"] for event in events if event["state"] == "running"} == {0, 1}
    assert {(event["take"], event["index"], event["sections"]) for event in events} == {(head, 1, 2)}
    last = events[-1]
    assert (last["state"], last["finished"]) == ("done", 1) and not any(event["result"] for event in events[:-1])
    result = last["result"]
    assert (result["basis"], result["share"], result["branch"]) == ("recalled", 0.25, "") and result["sentence"].startswith("25 %")
    [without] = result["comparisons"]
    assert (without["memory"], without["name"]) == ("begin", "Without memory") and 0 < without["part"] < 99 and without["whole"]
    assert Image.open(without["difference"]).size == (64, 48), "a picture that the client has fetched"
    assert all(Path(clip).read_bytes()[4:8] == b"ftyp" for clip in (result["clip"], without["clip"]))
    kept = film.memory_test(head)["result"]
    assert kept and kept["comparisons"][0]["part"] == without["part"], "it is there when it is asked for again"
    assert film.status()["takes"] == takes, "nothing of it is a take"


def test_what_a_take_uses(own: Served, film: Film) -> None:
    first, second = (take["id"] for take in film.state["takes"])
    assert "first segment" in film.memory_use(first)["problem"]
    with pytest.raises(StudioError) as refused:
        list(film.measure_memory_use(first))
    assert refused.value.code == "refused" and "first segment" in refused.value.message
    offer = film.memory_use(second)
    assert (offer["problem"], offer["known"], offer["sentence"]) == ("", False, "") and offer["way"]
    [asked] = offer["segments"]
    assert (asked["index"], asked["take"], asked["prompt"], asked["known"]) == (0, first, "one", False)
    last = list(film.measure_memory_use(second))[-1]
    assert last["state"] == "done" and last["sentence"].startswith("It uses segment 1 most")
    [use] = last["segments"]
    assert use["known"] and use["read"] and use["change"] > 0 and use["decibels"]
    found = film.memory_use(second)
    assert found["known"] and found["segments"] == [use] and found["sentence"] == last["sentence"]
    assert [event["state"] for event in film.memory_use_events()] == ["done"]


def test_it_is_followed_by_others_and_stopped(own: Served, film: Film) -> None:
    head = str(film.state["head"])
    for begin, follow, cancel in ((film.test_memory, Film.memory_test_events, Film.cancel_memory_test),
                                  (film.measure_memory_use, Film.memory_use_events, Film.cancel_memory_use)):
        own.engine.gate = threading.Semaphore(1)
        events = begin(head)
        assert next(events)["state"] in ("queued", "running")
        with pytest.raises(StudioError) as busy:
            list(begin(head))
        assert busy.value.code == "busy"
        other = own.other_client().film(film.id)
        followed = follow(other)
        assert next(followed)["take"] == head
        cancel(other)
        assert list(events)[-1]["state"] == list(followed)[-1]["state"] == "cancelled"
        own.engine.gate = None


def test_a_question_that_fails(own: Served, film: Film) -> None:
    own.engine.fail_at = (0, 1)
    with pytest.raises(StudioError) as failed:
        list(film.test_memory(str(film.state["head"])))
    assert failed.value.code == "failed" and failed.value.message.startswith("Out of memory.")
    own.engine.fail_at = None


def test_the_memory_as_a_map(own: Served) -> None:
    mapped = own.client().create("Map", model="map", preset="draft")
    mapped.set_reference(own.picture)
    for prompt in ("one", "two"):
        mapped.add_segment(prompt, seconds=0.3)
    list(mapped.generate(all=False))
    head = str(mapped.status()["head"])
    second = mapped.state["segments"][1]["id"]
    folder = own.studio.open(mapped.id).store.take_folder(head)
    part = {"rows": 32, "columns": 64, "left": -10.5, "top": -6.5, "width": 20, "height": 12}
    (folder / take_folder.MAP).write_text(json.dumps(part))
    Image.new("RGB", (96, 48), "navy").save(folder / "memory.webp")
    shown = mapped.memory_map()
    assert (shown["problem"], shown["part"], shown["segment"], shown["whole_takes"]) == ("", part, second, False)
    assert Image.open(shown["picture"]).size == (96, 48), "a picture that the client has fetched"
    assert mapped.forget(second, [9, 4, 4])["segments"][1]["forget"] == [4, 9] == mapped.memory_map()["forget"]
    assert mapped.pin(head)["takes"][0]["pinned"] and mapped.memory_map()["pins"] == [head]
    assert code(mapped.forget, second, [10**6]) == code(mapped.forget, mapped.state["segments"][0]["id"], [1]) == "refused"
    assert code(mapped.forget_take, head) == "refused", "it is a map"
    assert not mapped.remember_take(head)["takes"][0]["forgotten"] and not mapped.unpin(head)["takes"][0]["pinned"]
    assert mapped.forget(second, [])["segments"][1]["forget"] == []


def test_what_is_remembered_of_a_moment(own: Served) -> None:
    deaf = own.film("one")
    with pytest.raises(StudioError, match="cannot be asked for a place") as refused:
        list(deaf.ask_moment(str(deaf.state["head"]), 0))
    assert refused.value.code == "refused" and "spread over all numbers" in deaf.memory_map()["problem"]
    asked = own.client().create("Places", model="places", preset="draft")
    asked.set_reference(own.picture)
    asked.add_segment("one", seconds=0.3)
    list(asked.generate())
    head = str(asked.status()["head"])
    assert asked.memory_map()["asks"] and [event["state"] for event in asked.moment_events()] == ["idle"]
    last = list(asked.ask_moment(head, 0))[-1]
    found = last["result"]
    assert (last["state"], last["take"], found["at"], found["decibels"]) == ("done", head, 1, None)
    assert found["known"] == pytest.approx(0.4) and found["sentence"].startswith("The memory holds 40 % of this place")
    assert Image.open(found["frame"]).size == Image.open(found["remembered"]).size == (64, 48)
    assert asked.cancel_moment()["id"] == asked.id and next(asked.moment_events())["result"]
    assert code(asked.ask_moment, "no-such-take", 0) == "not_found" and code(asked.ask_moment, head, -1) == "bad_input"
