"""Exported films that come back: to the take at which they end, or to an empty shelf, where they are made again."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path

import pytest

from studio.engine.events import RenderRequest
from studio.media.clip import read_clip
from studio.project import edits
from studio.project.choices import drop_takes
from studio.project.early import plan_change
from studio.project.look_edits import set_look
from studio.project.memory_edits import pin
from studio.project.model import RenderSettings, Shot
from studio.project.sound_edits import add_marker, place_sound
from studio.project.trims import set_trim
from studio.session import EditError, Session, Studio
from studio.session.arrivals import NEW, arrive
from studio.session.trash import empty
from studio.ui.api import PageApi
from tests.fake_engine import FakeEngine
from tests.media.test_packets import remux
from tests.shelves import made_again, make_film, make_studio, picture, render_all, wait_for_job, wait_until
from tests.test_session_sound import song

FORMS = ("film", "take", "gif", "webp", "sheet", "sidecar", "mkv")


def exported(session: Session, form: str, folder: Path) -> Path:
    """The film up to the head, or its last take, as a file that lies elsewhere."""
    take = str(session.project.head)
    if form in ("gif", "webp"):
        path = session.films.export_take(take, form)
    elif form == "take":
        path = session.films.export_take(take)
    elif form == "sheet":
        path = session.exports.make("sheet").path
    else:
        path = session.films.export_film()
    if form == "sidecar":
        path = session.films.sidecar(path)
    if form == "mkv":
        return remux(path, folder / "remuxed.mkv")
    return Path(shutil.copy(path, folder / f"from elsewhere{path.suffix}"))


def facts(request: RenderRequest) -> dict[str, object]:
    """What decides the frames of a take, without the folders in which it happens."""
    named = {name: getattr(request, name) for name in (
        "take", "model", "prompt", "seed", "sections", "steps", "guidance", "size", "frame", "marks", "cache", "style", "cast",
        "before", "blend", "forget")}
    shot = request.shot and [request.shot.take and request.shot.take.name, request.shot.at]
    bridge = request.bridge and [request.bridge.take.name, request.bridge.sections, request.bridge.frames]
    loras = [(lora.sha256, lora.strength) for lora in request.loras]
    return named | {"parent": request.parent and request.parent.name, "reference": request.reference.name, "shot": shot,
                    "bridge": bridge, "loras": loras, "pins": [pinned.take.name for pinned in request.pins]}


@pytest.mark.parametrize("form", FORMS)
def test_a_film_leads_to_the_take_at_which_it_ends_and_nothing_is_rewound(studio: Studio, tmp_path: Path, form: str) -> None:
    session = render_all(make_film(studio, "a", "b", "c"))
    second, third = session.project.film()[1:]
    session.edit(edits.rewind, second.id)
    path = exported(session, form, tmp_path)
    session.edit(edits.rewind, third.id)
    found = arrive(studio, path)
    assert found and found.session is session and found.take == second.id and session.project.head == third.id


@pytest.mark.parametrize("form", [form for form in FORMS if form != "mkv"])
def test_on_an_empty_shelf_it_is_a_new_film_that_is_made_again(studio: Studio, there: Studio, tmp_path: Path, form: str) -> None:
    session = render_all(make_film(studio, "a", "b", sections=2))
    arrived = arrive(there, exported(session, form, tmp_path))
    assert arrived and arrived.take is None
    new = arrived.session
    assert new.findings[0] == NEW and new.job and new.job.state == "paused" and new.project.name == "A film"
    assert [segment.prompt for segment in new.project.current().segments] == ["a", "b"] and new.project.id != session.project.id
    if form != "sidecar":                          # which has the picture with it
        assert "“teal.png”, 80×60 pixels, checksum" in new.findings[1]
        with pytest.raises(EditError, match="is gone"):
            new.jobs.resume()
        with pytest.raises(EditError, match=r"another picture \(80×60 pixels.*needs “teal.png”, 80×60"):
            new.set_reference(picture(tmp_path, "red"))
        new.set_reference(picture(tmp_path))
        assert new.findings == (NEW,), "it asks no more"
    frames = read_clip(made_again(new).films.export_film())
    assert (frames == read_clip(session.films.export_film())).all() and len(frames) == 16
    assert new.project.takes.keys() == session.project.takes.keys() and new.project.head == session.project.head


def test_every_way_in_which_a_take_can_depend_on_others_is_made_again(studio: Studio, there: Studio, tmp_path: Path) -> None:
    session = make_film(studio, "a __x__", "b", "c")
    (studio.home / "wildcards").mkdir()
    (studio.home / "wildcards" / "x.txt").write_text("\n".join(f"word {number}" for number in range(50)))
    session.edit(edits.set_style, "ink __x__")
    render_all(session)
    session.edit(pin, session.project.film()[0].id)
    session.edit(edits.set_settings, RenderSettings("fine", 5, 2.0))
    session.edit(edits.add_segment, prompt="d", frames=4, seed=4)
    session.edit(edits.edit_segment, 3, blend=2)
    session.edit(edits.add_segment, prompt="e", frames=4, seed=5)
    session.set_shot(4, session.picture_shot(picture(tmp_path, "navy")))
    session.edit(edits.add_segment, prompt="f", frames=4, seed=6)
    session.set_shot(5, Shot(take=session.project.film()[1].id, at=1))
    render_all(session)
    segments = session.project.current().segments
    changed = edits.edit_segment(session.project, 1, prompt="another b").current().segments
    assert len(changed) == len(segments)
    session.jobs.change_early(plan_change(session.project, changed, "bridge", 2))
    assert wait_for_job(session).state == "done"
    film = session.project.film()
    assert any(take.bridge for take in film) and any(take.copy_of and not take.bridge for take in film) and film[0].words
    sidecar = session.films.sidecar(session.films.export_film())
    first, second = studio._engine.requests, there._engine.requests  # type: ignore[attr-defined]
    found = arrive(there, sidecar)
    assert found and found.session.findings == (NEW,)
    new = made_again(found.session)
    asked = {request.take: facts(request) for request in first}
    assert {request.take: facts(request) for request in second} == {take: asked[take] for take in (r.take for r in second)}
    assert [take.id for take in new.project.film()] == [take.id for take in film]
    assert (read_clip(new.films.export_film()) == read_clip(session.films.export_film())).all()
    assert len(new.project.branches) == 1 and new.job and not new.job.audition


def test_takes_are_shown_as_they_were_also_after_a_restart(studio: Studio, there: Studio, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a", "b", "c", sections=2))
    first, second, third = session.project.film()
    session.jobs.retake(second.id)
    assert wait_for_job(session).state == "done"
    other = next(take for take in session.project.siblings(first.id) if take.id != second.id)
    session.edit(edits.rewind, third.id)
    session.edit(set_look, second.id, other.id, 0.8)
    session.edit(set_look, first.id, third.id)
    session.edit(set_trim, first.id, 1, 6, "there and back", 3)
    session.edit(add_marker, 1.5)
    session.sounds.use(song(tmp_path))
    session.edit(place_sound, 0.25, -3)
    sidecar = session.films.sidecar(session.films.export_film())
    found = arrive(there, sidecar)
    assert found and found.session.findings[1:] and "“Song.mp3”, checksum" in found.session.findings[1]
    new = found.session
    assert new.project.markers == (1.5,) and not new.project.looks and not new.project.trims
    new.store.close()
    new = make_studio(tmp_path / "there").open(new.id)
    made_again(new)
    assert (new.project.looks, new.project.trims) == (session.project.looks, session.project.trims) and not new.project.later_looks
    new.add_finding(found.session.findings[1])
    assert new.sounds.use(song(tmp_path)) == "" and new.project.sound == session.project.sound and not new.findings
    assert (read_clip(new.films.export_film()) == read_clip(session.films.export_film())).all()


def test_the_sound_of_a_film_that_came_is_known_by_its_content(studio: Studio, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a"))
    session.sounds.use(song(tmp_path))
    session.edit(place_sound, 0.5, -6)
    sidecar = session.films.sidecar(session.films.export_film())
    table = json.loads(sidecar.read_text())
    wanted = table["record"]["recipe"]["sound"]
    wanted |= {"sha256": "5" * 64, "file": f"media/{'5' * 16}.m4a"}     # another machine codes the same file otherwise
    (tmp_path / "film.json").write_text(json.dumps(table))
    (tmp_path / "there").mkdir()
    there = make_studio(tmp_path / "there", FakeEngine())
    for name, note in (("Song.mp3", ""), ("Other.mp3", "another sound than the film was made with, “Song.mp3”, checksum")):
        found = arrive(there, tmp_path / "film.json")
        assert found and wanted["source"][:12] in found.session.findings[-1] and found.session.sounds.file() is None
        said = found.session.sounds.use(song(tmp_path, 1.0 + (name == "Song.mp3"), name), name)
        assert note in said and bool(note) is bool(said) and len(found.session.findings) == 1
        kept = found.session.project.sound
        assert kept and (kept.offset, kept.gain) == (0.5, -6) and found.session.sounds.file()
        there.throw_away(found.session.id)
    again = render_all(make_film(there, "has the sound too"))
    again.sounds.use(song(tmp_path))
    found, shared = arrive(there, tmp_path / "film.json"), arrive(there, tmp_path / "film.json", known=())
    assert found and found.session.sounds.file() and found.session.project.sound and found.session.project.sound.offset == 0.5
    assert shared and shared.session.sounds.file() is None


def test_another_picture_is_taken_when_it_comes_twice(studio: Studio, there: Studio, tmp_path: Path) -> None:
    found = arrive(there, render_all(make_film(studio, "a")).films.export_film())
    assert found
    for _ in range(2):
        try:
            found.session.set_reference(picture(tmp_path, "red"))
        except EditError:
            continue
    assert found.session.job is None and found.session.project.reference
    assert found.session.project.reference.name == "red.png" and len(render_all(found.session).project.takes) == 1


def test_a_picture_of_another_film_on_the_shelf_is_used_but_not_on_a_shared_studio(studio: Studio, there: Studio) -> None:
    film = render_all(make_film(studio, "a")).films.export_film()
    make_film(there, "has the picture too")
    found, shared = arrive(there, film), arrive(there, film, known=())
    assert found and found.session.findings == (NEW,)
    assert shared and "teal.png" in shared.session.findings[1]


def test_visitors_are_led_to_their_own_films_alone(studio: Studio) -> None:
    session = render_all(make_film(studio, "a"))
    film = session.films.export_film()
    mine, others = arrive(studio, film, known=[session.id]), arrive(studio, film, known=["other"])
    assert mine and mine.session is session
    assert others and others.session is not session and others.take is None


def test_the_trash_and_copies(studio: Studio, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a", "b"))
    film, last = exported(session, "film", tmp_path), session.project.film()[1]
    copy = studio.duplicate(session.id)
    session.edit(drop_takes, [last.id])
    found = arrive(studio, film)
    assert found and found.session is session and found.take is None and "in the trash of this film" in session.findings[0]
    studio.throw_away(session.id)
    found = arrive(studio, film)
    assert found and found.session is copy
    studio.throw_away(copy.id)
    found = arrive(studio, film)
    assert found and found.take is None and "trash of films" in found.session.findings[-1]


def test_a_film_without_tags_whose_take_was_deleted(studio: Studio, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a"))
    film, take = exported(session, "mkv", tmp_path), str(session.project.head)
    session.edit(drop_takes, [take])
    empty(session, [take])
    found = arrive(studio, film)
    assert found and found.session is session and found.take is None and "was deleted here" in session.findings[0]


def test_making_it_again_goes_on_after_a_restart(studio: Studio, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a", "b", "c", sections=2))
    sidecar = session.films.sidecar(session.films.export_film())
    (tmp_path / "there").mkdir()
    engine = FakeEngine()
    found = arrive(make_studio(tmp_path / "there", engine), sidecar)
    assert found
    new = found.session
    steps = new.project.settings.steps
    engine.gate = threading.Semaphore(2 * steps + steps // 2)
    new.jobs.resume()
    wait_until(new, lambda: len(new.project.takes) == 1)
    new.jobs.pause()
    engine.gate = None
    wait_until(new, lambda: new.job is not None and new.job.state == "paused")
    new.store.close()
    again = make_studio(tmp_path / "there").open(new.id)
    assert len(again.project.takes) < 3 and again.job and again.job.state == "paused"
    frames = read_clip(made_again(again).films.export_film())
    assert (frames == read_clip(session.films.export_film())).all() and len(frames) == 24


def test_on_a_shared_page_a_film_of_another_visitor_is_a_recipe(studio: Studio, tmp_path: Path) -> None:
    session = render_all(make_film(studio, "a"))
    file = exported(session, "film", tmp_path)
    for public, known, leads in ((False, [], session.id), (True, [session.id], session.id), (True, [], None)):
        reply = PageApi(studio, (), tmp_path, public).answer({"verb": "open_file", "path": str(file), "known": known})
        assert reply["ok"], reply
        assert (reply["answer"]["project"] == session.id) is (leads is not None)
        assert (reply["answer"]["take"] == session.project.head) is (leads is not None)
