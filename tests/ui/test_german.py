"""The page in German: errors, plurals, numbers and sentences within sentences, as they come out of the studio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.language import localize, plain, translate
from studio.media import MediaError
from studio.media.picture import read_picture
from studio.project import edits
from studio.session import Session
from studio.ui.api import PageApi
from studio.ui.words import format_decibels, format_length, format_size, format_wait
from tests.shelves import make_film, make_studio, picture, render_all


@pytest.fixture
def api(tmp_path: Path) -> PageApi:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    return PageApi(make_studio(tmp_path), (), uploads)


@pytest.fixture
def film(api: PageApi) -> Session:
    return make_film(api.studio, "one", "two")


def in_german(api: PageApi, film: Session, verb: str, **fields: Any) -> Any:
    return api.answer({"verb": verb, "project": film.id, "language": "de", **fields})


def refused(api: PageApi, film: Session, verb: str, **fields: Any) -> str:
    reply = in_german(api, film, verb, **fields)
    assert reply["ok"] is False
    return " ".join(filter(None, (reply["notice"]["message"], reply["notice"]["remedy"])))


def test_errors(api: PageApi, film: Session) -> None:
    assert refused(api, film, "rewind", take="deadbeef") == (
        "Dieser Take ist nicht im Film. Bitte noch einmal auf die Zeitleiste sehen.")
    segment = film.project.current().segments[0].id
    long = refused(api, film, "edit_segment", segment=segment, prompt="a" * 2345)
    assert long.startswith("Dieser Prompt hat 2.345 Zeichen; höchstens 2.000 sind möglich."), "thousands as in German"
    assert refused(api, film, "rename", name="a" * 121).endswith("höchstens 120 sind möglich. Der bisherige bleibt (Film).")
    assert refused(api, film, "nonsense").startswith("Seite und Studio verstehen einander nicht ('verb' muss eines von diesen sein")
    english = api.answer({"verb": "rewind", "project": film.id, "take": "deadbeef"})
    assert english["notice"]["message"] == "This take is not in the film. Look at the timeline again."


def test_a_sentence_within_a_sentence(api: PageApi, film: Session) -> None:
    upload = api.uploads / "notes.png"
    upload.write_bytes(b"nothing of a picture")
    assert refused(api, film, "set_reference", path=str(upload)) == (
        "notes.png ist kein Bild, das das Studio lesen kann. Möglich sind PNG, JPEG, WebP oder TIFF.")
    segment = film.project.current().segments[0].id
    board = in_german(api, film, "edit_segment", segment=segment, prompt="__gone__", seed=1)["board"]
    unfilled = board["segments"][0]["unfilled"]
    assert unfilled.startswith("Für „__gone__“ gibt es keine Liste.") and "verloren" not in unfilled
    with pytest.raises(MediaError) as caught:
        read_picture(upload)
    assert translate(caught.value.message, "de") == translate(str(caught.value), "de") != str(caught.value)


def test_what_the_board_says(api: PageApi, film: Session) -> None:
    render_all(film)
    english, board = api.boards.fresh(film), localize(api.boards.fresh(film), "de")
    assert [segment["badge"] for segment in board["segments"]] == ["Fertig", "Fertig"]
    assert english["film"]["length"].replace(".", ",") == board["film"]["length"] != english["film"]["length"]
    assert board["segments"][0]["length"].endswith("Abschnitt") and board["memory"]["sentence"].startswith("Das Modell sieht")
    assert board["engine"]["short"].startswith("Bereit auf ")


def test_plurals(api: PageApi, film: Session) -> None:
    assert in_german(api, film, "library")["answer"]["films"][0]["facts"].startswith("0 Takes · ")
    film.edit(edits.remove_segment, 1)
    render_all(film)
    assert in_german(api, film, "library")["answer"]["films"][0]["facts"].split(" · ")[1] == "1 Take"
    film.edit(edits.add_segment, prompt="two", frames=4)
    facts = in_german(api, render_all(film), "library")["answer"]["films"][0]["facts"].split(" · ")
    assert facts[1] == "2 Takes" and facts[0].endswith(" s") and "," in facts[0]


@pytest.mark.parametrize(("said", "german"), [
    (format_length(3.04), "3,0 s"), (format_length(65), "1:05"), (format_wait(7.6), "8 s"), (format_wait(3900), "1 h 5 min"),
    (format_size(1.23e9), "1,2 GB"), (format_size(40_000), "40 kB"), (format_decibels(31.44), "31,4 dB"),
    (format_decibels(None), "gleich"),
])
def test_lengths_sizes_and_waiting_times(said: str, german: str) -> None:
    assert translate(said, "de") == german and translate(said, "en") == plain(said)


def test_a_picture_that_is_too_small(tmp_path: Path) -> None:
    with pytest.raises(MediaError) as caught:
        read_picture(picture(tmp_path, size=(8, 8)))
    assert "hat nur 8×8 Pixel. Bitte ein Bild von mindestens 16×16 wählen." in translate(str(caught.value), "de")
