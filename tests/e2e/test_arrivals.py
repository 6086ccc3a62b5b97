"""Exported films that come back, in a browser: dropped on the page they open where they come from, or what they were made of."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.lab.measure.mark_films import pan
from studio.media.clip import write_clip
from studio.media.invisible_mark import InvisibleMark
from studio.project import edits
from tests.e2e.conftest import Stand, Visit, faded
from tests.e2e.test_accessibility import FINGER, TARGETS
from tests.e2e.test_library import clear
from tests.media.test_packets import remux
from tests.shelves import make_film, make_studio, picture, render_all, wait_for_job, wait_until
from tests.test_session_sound import song

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
DROP = """([name, type, text]) => {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type }));
  document.querySelector('.mp').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
}"""
TYPES = {".mp4": "video/mp4", ".mkv": "video/x-matroska", ".json": "application/json", ".png": "image/png", ".mp3": "audio/mpeg"}


def drop(page: Any, file: Path) -> None:
    page.evaluate(DROP, [file.name, TYPES[file.suffix], base64.b64encode(file.read_bytes()).decode()])


@pytest.fixture(autouse=True)
def shelf_alone(stand: Stand) -> Iterator[None]:
    clear(stand.studio)
    yield
    clear(stand.studio)


def foreign(tmp_path: Path, sound: Path | None = None) -> Path:
    """A film that was made in another studio, perhaps with a sound."""
    (tmp_path / "elsewhere").mkdir()
    session = make_film(make_studio(tmp_path / "elsewhere"), "the sea at dusk", "the shore")
    session.set_reference(picture(tmp_path, "orange", (80, 48)))
    session.edit(edits.rename, "From a friend")
    if sound:
        session.sounds.use(sound)
    return Path(shutil.copy(render_all(session).films.export_film(), tmp_path / "friend.mp4"))


def test_a_film_opens_at_its_take_and_nothing_is_rewound(desk: Visit, tmp_path: Path) -> None:
    session, other = render_all(desk.stand.film("the sea", "the shore", "the dunes")), desk.stand.film("another")
    second, third = session.project.film()[1:]
    session.edit(edits.rename, "Sea")
    session.edit(edits.rewind, second.id)
    film = Path(shutil.copy(session.films.export_film(), tmp_path / "film.mp4"))
    session.edit(edits.rewind, third.id)
    page = desk.open(other)
    drop(page, film)
    expect(page.get_by_label("Film title")).to_have_value("Sea")
    expect(page.locator(".notice")).to_contain_text("at the take where that film ends")
    expect(page.locator(".pane figcaption").first).to_contain_text("2 · the shore")
    assert session.project.head == third.id
    page.locator(".card").nth(1).locator("[data-verb=rewind]").click()
    wait_until(session, lambda: session.project.head == second.id)
    page.go_back()
    expect(page.get_by_label("Film title")).to_have_value("A film")
    drop(page, remux(film, tmp_path / "remuxed.mkv"))          # it has no tags any more
    expect(page.get_by_label("Film title")).to_have_value("Sea")


def test_a_film_from_elsewhere_asks_for_its_picture_and_its_sound_and_is_made_again(desk: Visit, tmp_path: Path) -> None:
    film = foreign(tmp_path, song(tmp_path))
    page = desk.open(desk.stand.film("mine"))
    drop(page, film)
    expect(page.get_by_label("Film title")).to_have_value("From a friend")
    asks = page.locator(".notice", has_text="It needs “orange.png”, 80×48 pixels, checksum")
    expect(asks).to_be_visible()
    expect(page.locator(".reference .gone")).to_contain_text("Drop orange.png here: 80 × 48, checksum")
    expect(page.get_by_label("Prompt of segment 2")).to_have_value("the shore")
    expect(page.get_by_text("The reference picture is not here. Drop its file on the page.")).to_be_visible()
    faded(page)
    assert page.evaluate(AUDIT) == []
    session = next(each for each in map(desk.stand.studio.open, [s.id for s in desk.stand.studio.list()])
                   if each.project.name == "From a friend")
    drop(page, picture(tmp_path, "navy"))
    expect(page.locator(".notice", has_text="This is another picture")).to_be_visible()
    drop(page, tmp_path / "orange.png")
    expect(page.locator(".reference img")).to_be_visible()
    expect(page.get_by_text("This film is paused before its first take. Press Resume to make it.")).to_be_visible()
    expect(page.locator(".notice", has_text="It needs “Song.mp3”, checksum")).to_be_visible()
    drop(page, tmp_path / "Song.mp3")
    expect(page.locator(".notice", has_text="Song.mp3")).to_have_count(0)
    assert session.sounds.file()
    page.get_by_role("button", name="Resume").first.click()
    wait_until(session, lambda: len(session.project.film()) == 2)
    assert wait_for_job(session).state == "done"
    expect(page.locator(".card .badge").nth(1)).to_have_text("Done")


def test_a_file_is_opened_from_the_library_by_finger(phone: Visit, tmp_path: Path) -> None:
    session = render_all(phone.stand.film("the sea", "the shore"))
    session.edit(edits.rename, "Sea")
    film = Path(shutil.copy(session.films.export_film(), tmp_path / "film.mp4"))
    page = phone.open(phone.stand.film("another"))
    page.get_by_role("button", name="Open another film").tap()
    assert page.evaluate(TARGETS, FINGER) == []
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open a file").tap()
    chooser.value.set_files(film)
    expect(page.get_by_label("Film title")).to_have_value("Sea")
    expect(page.locator(".pane figcaption").first).to_contain_text("2 · the shore")


def test_a_video_of_others_begins_a_film_as_before(desk: Visit, tmp_path: Path) -> None:
    session = render_all(desk.stand.film("the sea"))
    write_clip(tmp_path / "video.mp4", np.random.default_rng(0).integers(0, 255, (12, 48, 64, 3), np.uint8), 12)
    page = desk.open(session)
    drop(page, tmp_path / "video.mp4")
    expect(page.locator(".notice")).to_contain_text("This film has takes already")
    page = desk.open(desk.stand.studio.create("Nothing yet"))
    drop(page, tmp_path / "video.mp4")
    expect(page.locator(".card .badge").first).to_have_text("Done")
    drop(page, picture(tmp_path, "navy"))
    expect(page.locator(".notice")).to_have_count(0)


def test_a_film_without_tags_that_bears_the_invisible_mark_is_said(desk: Visit, tmp_path: Path) -> None:
    mark = InvisibleMark(7, 320, 192)
    write_clip(tmp_path / "found.mp4", np.stack([mark.put(frame) for frame in pan("hills", 12, (320, 192))]), 12)
    page = desk.open(desk.stand.studio.create("Nothing yet"))
    drop(page, tmp_path / "found.mp4")
    told = "found.mp4 bears the invisible mark of MemoryPack Studio, with the number 7"
    expect(page.locator(".notice").first).to_contain_text(told)
    expect(page.locator(".card .badge").first).to_have_text("Done")


def test_an_invisible_mark_is_wished_on_the_sheet(desk: Visit) -> None:
    page = desk.open(render_all(desk.stand.film("the sea")))
    page.get_by_role("button", name="Export", exact=True).click()
    tick = page.get_by_label("With an invisible mark")
    expect(tick).not_to_be_checked()
    tick.check()
    page.get_by_role("button", name="Film as MP4").click()
    expect(page.locator(".notice")).to_contain_text("are too small for the invisible mark")


def test_the_sidecar_is_exported_and_opens_the_film(desk: Visit, tmp_path: Path) -> None:
    session = render_all(desk.stand.film("the sea"))
    page = desk.open(session)
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_label("With a sidecar").check()
    got: list[Any] = []
    page.on("download", lambda each: got.append(each))
    page.get_by_role("button", name="Film as MP4").click()
    expect(page.get_by_role("status").filter(has_text="Done: A-film.mp4")).to_be_visible()
    for _ in range(100):
        if len(got) == 2:
            break
        page.wait_for_timeout(100)
    assert sorted(each.suggested_filename for each in got) == ["A-film.mp4", "A-film.mp4.json"]
    sidecar = next(each for each in got if each.suggested_filename.endswith(".json"))
    sidecar.save_as(tmp_path / "film.json")
    page.keyboard.press("Escape")
    drop(page, tmp_path / "film.json")
    expect(page.locator(".notice")).to_contain_text("at the take where that film ends")
