"""A program says what a film is to be: picture, frame and marks, settings, styles, segments, markers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.client import Film, StudioError
from tests.api.conftest import Served
from tests.api.test_page_verbs import code
from tests.fake_engine import FPS
from tests.media.sounds import saved, tone
from tests.media.videos import video

FLOW = {"name": "water", "stroke": [[0.1, 0.8], [0.9, 0.8]], "width": 0.1, "speed": 0.05}
SUBJECT = {"strokes": [[[0.4, 0.5], [0.6, 0.5]]], "ground": [[[0.1, 0.1]]], "depth": 3}


def refused(call: Any, *values: Any, **named: Any) -> str:
    with pytest.raises(StudioError) as error:
        call(*values, **named)
    return error.value.message


def test_frame_and_marks(own: Served, tmp_path: Path) -> None:
    film = own.client().create("Marked", model="wide", width=640, height=384)
    assert (film.state["width"], film.state["marks"]) == (640, {"beyond": False, "subject": None, "flows": []})
    Image.new("RGB", (1600, 1200), "teal").save(tmp_path / "teal.png")
    film.set_reference(tmp_path / "teal.png")
    assert film.set_frame([0.25, 0.25, 0.5, 0.4])["frame"] == pytest.approx([0.25, 0.25, 0.5, 0.4])
    assert film.set_frame(None)["frame"] is None and film.undo()["frame"]
    assert "No subject is marked" in refused(film.subject_mask, tmp_path / "mask.png")
    marked = film.set_marks({"beyond": True, "subject": SUBJECT, "flows": [FLOW]})["marks"]
    assert marked == {"beyond": True, "subject": SUBJECT, "flows": [FLOW]}
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 90, (120, 160, 3), np.uint8))
    picture.paste("orange", (60, 50, 100, 70))
    picture.save(tmp_path / "ball.png")
    film.set_reference(tmp_path / "ball.png")
    assert not film.state["marks"]["flows"] and film.state["note"], "they went with the picture"
    film.set_marks({"subject": SUBJECT})
    mask = Image.open(film.subject_mask(tmp_path / "mask.png"))
    assert (mask.mode, mask.size) == ("LA", (160, 120)) and mask.getpixel((80, 60))[1] > 200  # type: ignore[index]
    assert film.set_marks({})["marks"]["subject"] is None, "what is left out is removed"
    assert code(film.set_marks, {"flows": [{**FLOW, "speed": 9}]}) == "refused"
    assert code(film.set_marks, {"flows": [FLOW] * 101}) == code(film.set_marks, {"subject": "all"}) == "bad_input"
    assert code(film.set_frame, [0, 0, 2, 2]) == "refused"
    assert film.clear_reference()["picture"] == "" and code(film.set_frame, [0, 0, 1, 1]) == "refused"


def test_a_film_begins_with_a_video(own: Served, tmp_path: Path) -> None:
    film = own.client().create("Going on", preset="draft")
    sent = video(tmp_path / "waves.mp4", 8, FPS)
    film.begin_with_video(sent)
    assert list(film.events())[-1]["state"] == "done"
    assert len(film.status()["takes"]) == 1 and film.state["picture"] == "waves.mp4"
    assert code(film.begin_with_video, sent) == "refused"
    assert code(own.client().create("Other").begin_with_video, own.picture) == "file"


def test_settings_styles_and_wildcards(own: Served) -> None:
    film = own.film("__weather__ over a lake", made=False)
    assert film.set_size(48, 64)["width"] == 48 and code(film.set_size, 100, 100) == "refused"
    assert film.set_model("map")["model"] == "map" and code(film.set_model, "../map") == "refused"
    assert film.go_on(True)["go_on"] and not film.go_on(False)["go_on"]
    styles = film.styles()
    fog = styles["styles"][0]
    assert not styles["problems"] and fog["title"] and fog["style"]
    assert film.use_style(fog["name"])["style"] == fog["style"] and code(film.use_style, "../fog") == "refused"
    assert "__weather__" in film.wildcards()
    [segment] = film.state["segments"]
    assert segment["words"].endswith("over a lake") and "__" not in segment["words"]
    session = own.studio.open(film.id)
    session.add_finding("A take was rescued.")
    session.add_finding("A clip is gone.")
    assert film.status()["findings"] == ["A take was rescued.", "A clip is gone."]
    assert film.dismiss(0)["findings"] == ["A clip is gone."] and code(film.dismiss, 1) == "bad_input"


def test_segments(own: Served, tmp_path: Path) -> None:
    film = own.film("one", "two", "three", made=False)
    one, two, three = (segment["id"] for segment in film.state["segments"])
    assert [s["prompt"] for s in film.move_segment(three, 1)["segments"]] == ["one", "three", "two"]
    assert film.edit_segment(two, blend=3)["segments"][2]["blend"] == 3
    list(film.generate(all=False))
    [take] = film.status()["takes"]
    assert film.take_over(two, take["id"], "prompt")["segments"][2]["prompt"] == "one"
    assert film.take_over(two, take["id"])["segments"][2]["seed"] == take["seed"]
    film.edit_segment(one, prompt="first")
    assert film.state["segments"][0]["state"] == "stale" and film.keep_stale()["segments"][0]["state"] == "done"
    text = "[0s-1s: she waves] [1s-2s: she leaves]"
    read = film.read_timeline(text)
    assert [each["prompt"] for each in read["segments"]] == ["she waves", "she leaves"] and read["replaced"] == 2
    assert read["seconds"] == pytest.approx(2) and film.read_timeline("she waves")["segments"] == []
    assert [s["prompt"] for s in film.put_timeline(text)["segments"]] == ["first", "she waves", "she leaves"]
    assert code(film.put_timeline, "she waves") == "refused" and code(film.move_segment, "none", 0) == "not_found"
    second = film.state["segments"][1]["id"]
    film.set_model("wide")
    Image.new("RGB", (1600, 1200), "navy").save(tmp_path / "navy.png")
    shot = [0.25, 0.25, 0.5, 0.4]
    assert film.new_shot(second, "picture", picture=tmp_path / "navy.png", frame=shot)["segments"][1]["shot"]
    frames = [own.studio.open(film.id).project.current().segments[1].shot]
    film.set_shot_frame(second, [0, 0, 0.8, 0.8])
    frames.append(own.studio.open(film.id).project.current().segments[1].shot)
    assert frames[0] and frames[0].frame and frames[0].frame[0] == pytest.approx(0.25, abs=0.05)
    assert frames[1] and frames[1].frame and frames[1].frame[0] == pytest.approx(0, abs=0.05)
    assert code(film.set_shot_frame, second, [0, 0, 3, 3]) == "refused"


def test_markers(own: Served, tmp_path: Path) -> None:
    film = own.film("one", "two", sections=3, made=False)
    film.set_sound(saved(tmp_path / "sea.wav", "pcm_s16le", tone(3)))
    assert film.add_marker(2.0)["markers"] == [2.0] and film.add_marker(0.66)["markers"] == [0.66, 2.0]
    fitted = film.fit_to_markers()
    assert [segment["seconds"] for segment in fitted["segments"]] == pytest.approx([2 / 3, 4 / 3]) and "fitted" in fitted["note"]
    assert film.remove_marker(1.98)["markers"] == [0.66] and code(film.remove_marker, 1.98) == "refused"
    assert code(film.add_marker, 0.66) == "refused" and film.clear_markers()["markers"] == []
    assert code(film.fit_to_markers) == "refused"


def test_a_number_out_of_range_is_refused_with_the_range(own: Served, tmp_path: Path) -> None:
    """A page's sliders cannot go there. A program that is out of range is told, instead of getting something else."""
    film = own.film("one")
    sound = film.set_sound(saved(tmp_path / "sea.wav", "pcm_s16le", tone(1)))["sound"]
    segment, take = film.state["segments"][0]["id"], film.state["head"]
    german: Film = own.client("de").film(film.id)
    for call, values, words in (
        (Film.place_sound, {"gain": 13}, "'gain' must be a number from -40 to 12"),
        (Film.place_sound, {"offset": -1201}, "'offset' must be a number from -1200 to 7200"),
        (Film.use_lora, {"segment": segment, "lora": "0" * 64, "strength": 2.5}, "'strength' must be a number from -2 to 2"),
        (Film.hold_look, {"take": take, "match": "first", "strength": 1.01}, "'strength' must be a number from 0 to 1"),
        (Film.set_retries, {"threshold": 0.2}, "'threshold' must be a number from 0.5 to 0.99"),
        (Film.add_marker, {"at": 10**400}, "'at' must be a number from -1200 to 7200"),
        (Film.export, {"path": tmp_path / "x.mp4", "fade": 11}, "'fade' must be a number from 0 to 10"),
        (Film.save_preset, {"title": "x", "steps": 3, "cache": 2}, "'cache' must be a number from 0 to 1"),
    ):
        with pytest.raises(StudioError, match=words) as error:
            call(film, **values)
        assert error.value.code == "bad_input"
        with pytest.raises(StudioError, match="muss eine Zahl von"):
            call(german, **values)
    assert film.status()["sound"] == sound
    assert film.place_sound(gain=12, offset=-1200)["sound"]["gain"] == 12, "the bounds are in range"
