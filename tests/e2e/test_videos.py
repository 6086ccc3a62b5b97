"""A film that goes on from a video, in a browser: dropped on the start page, chosen by the keyboard, refused, and on a phone."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from tests.e2e.conftest import Visit, faded
from tests.fake_engine import FPS
from tests.media.videos import sound, video
from tests.shelves import render_all, wait_for_job, wait_until

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
from playwright.sync_api import expect

AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
DROP = """([target, name, content]) => {
  const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: 'video/mp4' }));
  for (const kind of ['dragenter', 'dragover', 'drop']) {
    document.querySelector(target).dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""


def test_a_video_is_dropped_and_the_film_goes_on(desk: Visit) -> None:
    session = desk.stand.studio.create("A film")
    session.apply_preset("draft")
    page = desk.open(session)
    path = video(desk.stand.folder / "waves.mp4", 9, FPS)
    page.evaluate(DROP, [".start", path.name, base64.b64encode(path.read_bytes()).decode()])
    first = page.get_by_role("listitem").filter(has=page.get_by_role("button", name="Segment 1, Done, head"))
    expect(first.get_by_text("waves.mp4")).to_be_visible()
    expect(first.get_by_label("Prompt of segment 1")).to_be_hidden()
    expect(page.get_by_text("The next take starts from the video’s last frame alone.")).to_be_visible()
    assert [take.segment.video is not None for take in session.project.film()] == [True]

    second = page.get_by_label("Prompt of segment 2")
    second.focus()
    page.keyboard.type("the wave breaks")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("button", name="Segment 2, Done, head: the wave breaks")).to_be_visible()
    assert desk.stand.engine.requests[-1].reference.name == "last.png"
    faded(page)
    assert page.evaluate(AUDIT) == []

    page.get_by_label("Reference picture file").set_input_files(path)
    expect(page.get_by_text("This film has takes already, and a video can only begin an empty one.")).to_be_visible()


def test_the_page_says_how_much_of_a_video_is_uploaded(desk: Visit) -> None:
    page = desk.open(desk.stand.studio.create("A film"))
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}
    wire.send("Network.emulateNetworkConditions", slow)
    path = desk.stand.folder / "long.mp4"
    path.write_bytes(bytes(1_500_000))
    page.get_by_label("Reference picture file").set_input_files(path)
    expect(page.locator(".drop")).to_contain_text(re.compile(r"Uploading long.mp4… (25|50|75) %"))
    share = page.locator(".drop .meter i").evaluate("each => each.getBoundingClientRect().width / each.parentNode.clientWidth")
    assert 0 < share <= 1
    expect(page.get_by_role("alert")).to_contain_text("long.mp4")            # it holds no video
    expect(page.locator(".drop .meter")).to_be_hidden()


def test_a_video_is_chosen_with_the_keyboard_and_what_is_none_is_refused(desk: Visit) -> None:
    session = desk.stand.studio.create("A film")
    page = desk.open(session)
    button = page.get_by_role("button", name="Choose a picture or a video")
    faded(page)                                     # the samples have come, and nothing moves under the finger
    with page.expect_file_chooser() as chooser:
        button.press("Enter")
    chooser.value.set_files(sound(desk.stand.folder / "talk.mp4"))
    expect(page.get_by_text("talk.mp4 has sound but no picture")).to_be_visible()
    expect(button).to_contain_text("or drop it here, or paste it")
    assert page.evaluate(AUDIT) == []
    with page.expect_file_chooser() as chooser:
        button.press("Enter")
    chooser.value.set_files(video(desk.stand.folder / "short.mp4", 2, FPS))
    expect(page.get_by_text("its last frame is held until the section is full")).to_be_visible()
    wait_until(session, lambda: bool(session.project.film()))
    page.get_by_role("button", name="Segment 1, Done, head").focus()
    page.keyboard.press("Control+z")


def test_a_film_of_a_video_on_a_phone(phone: Visit) -> None:
    session = phone.stand.studio.create("A film")
    session.apply_preset("draft")
    session.begin_with_video(video(phone.stand.folder / "a video with a rather long name, from a phone.mp4", 8, FPS))
    wait_for_job(session)
    render_all(session)
    page = phone.open(session)
    expect(page.locator(".card .of-video").first).to_have_text("a video with a rather long name, from a phone.mp4")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
