"""Records in files that come: older ones, incomplete ones, damaged ones, and files that hold none."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from studio.engine import take_folder
from studio.media.clip import read_clip
from studio.media.export import read_lineage
from studio.media.join import join
from studio.session import MediaError, Studio
from studio.session.arrivals import NEW, arrive
from tests.media.test_packets import remux
from tests.shelves import made_again, make_film, make_studio, picture, render_all


def test_a_sidecar_is_found_beside_a_film_that_lost_its_tags(studio: Studio, there: Studio, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a"))
    film = session.films.export_film()
    shutil.copy(session.films.sidecar(film), tmp_path / "remuxed.mp4.json")
    found = arrive(there, remux(film, tmp_path / "remuxed.mkv"))
    assert found and found.session.findings == (NEW,)
    other = render_all(make_film(studio, "other")).films.export_film()
    join([other], tmp_path / "remuxed.mp4", {})
    assert arrive(there, tmp_path / "remuxed.mp4") is None, "the sidecar beside it is of another film"


def test_what_the_new_film_lacks_is_named(studio: Studio, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a"))
    path = session.films.sidecar(session.films.export_film())
    table = json.loads(path.read_text())
    recipe = table["record"]["recipe"]
    recipe["takes"][0]["segment"]["loras"] = [{"name": "ink", "sha256": "5" * 64, "strength": 1.0}]
    recipe["looks"] = {recipe["head"]: {"match": "elsewhere", "strength": 1.0}}
    table["record"]["weights"] = {"tiny": "tiny:0123"}
    path = tmp_path / "film.json"
    path.write_text(json.dumps(table))
    (tmp_path / "there").mkdir()
    there = make_studio(tmp_path / "there")
    found = arrive(there, path)
    assert found
    told = "\n".join(found.session.findings)
    for part in ("other weights of Tiny", "LoRA ink, checksum 555555555555", "takes that the file does not tell of"):
        assert part in told
    there.throw_away(found.session.id)
    recipe["takes"][0]["model"] = recipe["model"] = "large"
    path.write_text(json.dumps(table))
    found = arrive(there, path)
    assert found and "large, which is not installed" in "\n".join(found.session.findings)


def test_a_record_from_before_there_were_recipes_opens_as_far_as_it_goes(studio: Studio, there: Studio, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a", "b"))
    whole = read_lineage(session.films.export_film())
    assert whole and whole["version"] == 2
    old = {key: value for key, value in whole.items() if key not in ("version", "recipe", "weights")}
    film = tmp_path / "old.mp4"
    join([session.films.export_film()], film, {"lineage": json.dumps(old)})
    back = arrive(studio, film)
    assert back and back.session is session and back.take == session.project.head
    found = arrive(there, film)
    assert found and "only its checksum" in found.session.findings[1]
    found.session.set_reference(picture(tmp_path))
    frames = read_clip(made_again(found.session).films.export_film())
    assert (frames == read_clip(session.films.export_film())).all()
    old["takes"] = old["takes"][1:]
    join([session.films.export_film()], film, {"lineage": json.dumps(old)})
    part = arrive(there, film)
    assert part is not None and (part.take or "part of a longer film" in part.session.findings[1])


@pytest.mark.parametrize("record", [
    {}, {"takes": []}, {"takes": [3]}, {"takes": [{"id": "a"}], "size": [64, 48]}, {"recipe": 3, "takes": []},
    {"recipe": {"takes": []}}, {"takes": [{"id": "a"}], "size": "x"}, {"recipe": {"takes": [{}] * 5000}},
])  # fmt: skip
def test_a_record_that_makes_no_sense_leaves_nothing(there: Studio, tmp_path: Path, record: dict[str, object]) -> None:
    path = tmp_path / "film.mp4.json"
    path.write_text(json.dumps({"memorypack_sidecar": 1, "record": record}))
    with pytest.raises(MediaError, match="cannot be understood"):
        arrive(there, path)
    assert there.list() == ()


def test_pictures_in_a_sidecar_are_checked(studio: Studio, there: Studio, tmp_path: Path) -> None:
    path = studio and render_all(make_film(studio, "a"))
    sidecar = path.films.sidecar(path.films.export_film())
    table = json.loads(sidecar.read_text())
    (name,) = table["pictures"]
    Image.new("RGB", (80, 60), "red").save(tmp_path / "red.png")

    for content in ((tmp_path / "red.png").read_bytes(), b"no picture"):
        table["pictures"] = {name: base64.b64encode(content).decode(), "../../x.png": "", "media/../x.png": ""}
        (tmp_path / "film.json").write_text(json.dumps(table))
        found = arrive(there, tmp_path / "film.json")
        assert found and "teal.png" in found.session.findings[1]
        assert list((found.session.folder / "media").iterdir()) == []
    (tmp_path / "film.json").write_text('{"a": 1}')
    with pytest.raises(MediaError, match="does not tell"):
        arrive(there, tmp_path / "film.json")


@pytest.mark.parametrize("name", ["\ud800", float("nan"), "x" * 10_000])
def test_what_no_document_can_hold_does_no_harm(studio: Studio, there: Studio, tmp_path: Path, name: object) -> None:
    session = render_all(make_film(studio, "a"))
    table = json.loads(session.films.sidecar(session.films.export_film()).read_text())
    table["record"]["recipe"]["takes"][0]["segment"]["prompt"] = name
    (tmp_path / "film.json").write_text(json.dumps(table))
    with contextlib.suppress(MediaError):
        found = arrive(there, tmp_path / "film.json")
        assert found and found.session.project.current().segments
    assert not [path for path in there.home.glob("*") if path.is_dir() and not (path / "project.json").is_file()]


def test_what_is_not_ours_leads_nowhere(studio: Studio, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a"))
    join([session.store.take_folder(str(session.project.head)) / take_folder.CLIP], tmp_path / "a.mp4", {})
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "a.webp")
    (tmp_path / "b.png").write_text("no picture")
    assert arrive(studio, tmp_path / "a.png") is None and arrive(studio, tmp_path / "a.webp") is None
    assert arrive(studio, tmp_path / "a.mp4") is None, "never exported, so nobody knows it"
    assert arrive(studio, tmp_path / "b.png") is None
