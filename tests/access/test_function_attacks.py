"""What mira tries to reach otto's films and files with the functions for programs."""

from __future__ import annotations

import json
import shutil

import gradio as gr
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from studio.api.functions import describe, descriptions
from studio.api.values import Upload
from tests.access import attacks
from tests.access.conftest import House
from tests.access.pages import VALUES, called, page_of

pytestmark = pytest.mark.usefixtures("untouched")


def test_no_function_reaches_another_users_film(mira: TestClient, house: House, values: dict[str, str]) -> None:
    assert house.call(mira, "status", film=values["film_id"])["title"] == "not_found"
    page = page_of(house)
    for about in descriptions():
        named = {each.name: VALUES.get(each.name, values["take"]) for each in about.arguments if each.required}
        if "film" not in named:
            continue
        for film in (values["film_id"], f"../otto/{values['film_id']}", values["film"], house.film.project.id):
            answer = called(page, about, named | {"film": film})
            assert isinstance(answer, gr.Error) and answer.title == "not_found", (about.name, answer)


def test_no_function_takes_another_users_file(mira: TestClient, house: House, values: dict[str, str]) -> None:
    """Whatever file a function takes: otto's upload, a file of his film, his LoRA, the users, the system's."""
    page = page_of(house)
    film = house.access.pages.studio("mira").create("takes")
    own = {"film": film.id, "segment": film.project.current().segments[0].id}
    taking = [(about, each.name) for about in descriptions() for each in about.arguments if each.type in (Upload, Upload | None)]
    assert {about.name for about, _ in taking} == {
        "set_reference", "begin_with_video", "new_shot", "add_lora", "set_sound", "export", "import_film", "open_file",
        "read_mark"}
    for about, argument in taking:
        named = {each.name: own.get(each.name, VALUES.get(each.name)) for each in about.arguments if each.required}
        for file in attacks.FOREIGN:
            path = file.format(**values)
            for sent in (path, {"path": path}, f"{values['mira']}/.uploads/../../otto/../../{path}"):
                picture = {"begins": "picture"} if about.name == "new_shot" else {}
                answer = called(page, about, named | picture | {argument: sent})
                assert isinstance(answer, gr.Error) and answer.title == "bad_input", (about.name, path, answer)


def test_no_function_uses_another_users_lora_preset_or_film_in_the_trash(house: House, values: dict[str, str]) -> None:
    page, otto = page_of(house), house.access.pages.studio("otto")
    mine = house.access.pages.studio("mira").create("Mira's")
    segment = mine.project.current().segments[0].id
    refused = called(page, describe("use_lora"), {"film": mine.id, "segment": segment, "lora": values["lora"]})
    assert isinstance(refused, gr.Error) and refused.title == "refused" and called(page, describe("loras"), {"film": mine.id}) == []
    thrown = otto.create("Otto's")
    thrown.save_preset("Otto's", 3, 1.0, 0.0)
    name = thrown.project.settings.preset
    try:
        otto.throw_away(thrown.id)
        place, = (otto.home / "film-trash").iterdir()
        assert called(page, describe("trashed_films"), {"known": [thrown.id, values["film_id"]]}) == []
        for function in ("restore_film", "delete_film"):
            for film in (thrown.id, place.name, f"../otto/film-trash/{place.name}/{thrown.id}", str(place)):
                answer = called(page, describe(function), {"film": film})
                assert isinstance(answer, gr.Error) and answer.title == "not_found", (function, film)
        assert (place / thrown.id / "project.json").is_file()
        for function in ("apply_preset", "remove_preset"):
            answer = called(page, describe(function), {"film": mine.id, "preset": name})
            assert isinstance(answer, gr.Error) and answer.title == "refused", function
        assert not [each for each in called(page, describe("presets"), {"film": mine.id}) if each["own"]]
    finally:
        shutil.rmtree(otto.home / "film-trash")
        shutil.rmtree(otto.home / "presets")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_sent_to_a_function_reaches_nothing_of_otto(
    house: House, values: dict[str, str], secrets: list[bytes], data: st.DataObject
) -> None:
    """By hand, not by schemathesis: Gradio's schema describes a POST that answers with an event's id, and not what follows."""
    about = data.draw(st.sampled_from(descriptions()))
    aimed = st.sampled_from([*values.values(), *(file.format(**values) for file in attacks.FOREIGN), "../otto", "..", ""])
    text = aimed | st.text(max_size=20)
    anything = st.recursive(text | st.none() | st.integers() | st.floats() | st.booleans() | aimed.map(lambda path: {"path": path}),
                            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=4)
    named = {each.name: data.draw(text if each.name == "film" else anything) for each in about.arguments
             if each.required or data.draw(st.booleans())}
    answer = called(page_of(house), about, named)
    if isinstance(answer, gr.Error):
        assert answer.title in ("bad_input", "not_found", "refused", "file", "busy"), (answer.title, answer.message)
    else:
        told = json.dumps(answer).encode()
        assert not [each for each in secrets if each in told] and values["film_id"].encode() not in told.replace(
            json.dumps(named).encode(), b"")
