"""What an artist does, from the first picture to a film with branches."""

from __future__ import annotations

import re
import threading

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Stand, Visit, badge, cards, tool
from tests.shelves import picture, render_all, wait_until

pytestmark = pytest.mark.slow


def test_the_first_film(stand: Stand, desk: Visit) -> None:
    page = desk.open(stand.studio.create())
    expect(page.get_by_role("heading", name="A film begins with one picture.")).to_be_visible()
    page.get_by_label("Reference picture file").set_input_files(picture(stand.folder, "orange"))
    prompt = page.get_by_label("Prompt of segment 1")
    prompt.fill("A lighthouse at dawn")
    page.get_by_role("button", name="Generate next").click()
    expect(badge(page, 0)).to_have_text("Done")
    assert stand.engine.requests[-1].prompt == "A lighthouse at dawn"
    expect(page.locator(".stage video").first).to_have_js_property("readyState", 4)
    expect(page.locator(".counter")).to_contain_text("/ 36")     # 3 seconds, as a first segment is
    expect(page.locator(".node")).to_have_count(1)
    expect(page.locator(".status")).to_contain_text("Every segment up to here is rendered")
    page.get_by_label("Film title").fill("The lighthouse")
    page.get_by_label("Film title").press("Enter")
    expect(page).to_have_title("The lighthouse · MemoryPack Studio")


def test_segments_not_yet_begun_can_be_written_while_others_are_made(stand: Stand, desk: Visit) -> None:
    session = stand.film("first", "second")
    page = desk.open(session)
    stand.engine.gate = threading.Semaphore(2)
    page.get_by_role("button", name="Generate all").click()
    expect(badge(page, 1)).to_have_text("Queued")
    expect(page.locator(".stage .pane img").first).to_have_attribute("src", re.compile("^data:image/webp;base64,"))
    prompt = page.get_by_label("Prompt of segment 2")
    prompt.fill("")
    prompt.press_sequentially("rain on the sea", delay=5)
    stand.engine.gate.release(1)
    expect(prompt).to_be_focused()
    expect(prompt).to_have_value("rain on the sea")
    prompt.blur()
    wait_until(session, lambda: session.project.current().segments[1].prompt == "rain on the sea")
    stand.engine.gate = None
    expect(badge(page, 1)).to_have_text("Done")
    assert [r.prompt for r in stand.engine.requests] == ["first", "rain on the sea"]


def test_generate_takes_the_text_just_typed(stand: Stand, desk: Visit) -> None:
    page = desk.open(stand.film("old"))
    page.get_by_label("Prompt of segment 1").fill("new words")
    page.keyboard.press("Control+Enter")
    expect(badge(page, 0)).to_have_text("Done")
    assert stand.engine.requests[-1].prompt == "new words"


def test_cancel_keeps_the_finished_part_and_finish_completes_it(stand: Stand, desk: Visit) -> None:
    page = desk.open(stand.film("a walk", sections=2))
    stand.engine.gate = threading.Semaphore(6)                  # draft: four steps a section
    page.keyboard.press("Control+Enter")
    expect(page.locator(".status")).to_contain_text("section 2 of 2")
    expect(page.get_by_role("progressbar", name="Take in the making")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".notice")).to_contain_text("The finished sections are kept")
    expect(badge(page, 0)).to_have_text("1 of 2 sections")
    expect(page.locator(".counter")).to_contain_text("/ 4")
    stand.engine.gate = None
    tool(page, 0, "finish").click()
    expect(badge(page, 0)).to_have_text("Done")
    expect(page.locator(".node")).to_have_count(1)
    expect(page.locator(".counter")).to_contain_text("/ 8")


def test_rewind_and_branch(stand: Stand, desk: Visit) -> None:
    page = desk.open(render_all(stand.film("one", "two", "three")))
    tool(page, 0, "rewind").click()
    expect(cards(page).nth(0).locator(".flag")).to_have_text("Head")
    expect(cards(page).nth(1)).to_have_attribute("data-beyond", "")
    expect(cards(page).nth(1).locator(".flag")).to_have_text("Next goes here, on a new branch")
    tool(page, 0, "branch").click()
    expect(page.locator(".branches li")).to_have_count(2)
    page.get_by_label("Prompt of segment 2").fill("another two")
    page.get_by_role("button", name="Generate next").click()
    expect(page.locator(".node")).to_have_count(4)
    name = page.get_by_label("Name of branch Branch 2")
    name.fill("Stormy")
    name.press("Enter")
    expect(page.get_by_role("button", name="Stormy, the current branch")).to_be_visible()
    page.get_by_role("treeitem", name="end of Main").hover()
    expect(page.locator(".pane figcaption").first).to_have_text("3 · three")
    page.get_by_role("treeitem", name="end of Main").click()
    expect(page.get_by_role("button", name="Main, the current branch")).to_be_visible()
    expect(cards(page).nth(2).locator(".flag")).to_have_text("Head")
    expect(page.get_by_label("Prompt of segment 2")).to_have_value("two")
    other = page.get_by_label("Name of branch Stormy")
    expect(other).not_to_be_editable()
    other.click()
    expect(page.get_by_role("button", name="Stormy, the current branch")).to_be_visible()
    expect(other).to_be_editable()


def test_retake_and_compare(stand: Stand, desk: Visit) -> None:
    page = desk.open(render_all(stand.film("one")))
    tool(page, 0, "retake").click()
    expect(page.locator(".node")).to_have_count(2)
    first, second = stand.engine.requests
    assert first.seed != second.seed and first.prompt == second.prompt
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_label("Take A")).to_be_visible()
    shown = {page.get_by_label(f"Take {name}").input_value() for name in "AB"}
    assert shown == {first.take, second.take}
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_label("Take B")).to_be_hidden()


def test_undo_and_redo(stand: Stand, desk: Visit) -> None:
    page = desk.open(stand.film("before"))
    prompt = page.get_by_label("Prompt of segment 1")
    prompt.fill("after")
    prompt.blur()
    expect(page.get_by_role("button", name="Undo (Ctrl+Z)")).to_be_enabled()
    page.keyboard.press("Control+z")
    expect(prompt).to_have_value("before")
    page.keyboard.press("Control+Shift+z")
    expect(prompt).to_have_value("after")
    page.get_by_role("button", name="Add segment").click()
    expect(cards(page)).to_have_count(2)
    cards(page).nth(0).locator(".cell").focus()
    page.keyboard.press("Control+z")
    expect(cards(page)).to_have_count(1)


def test_typing_is_undone_in_one_go(stand: Stand, desk: Visit) -> None:
    session = stand.film("before")
    page = desk.open(session)
    prompt = page.get_by_label("Prompt of segment 1")
    prompt.fill("")
    for word in ("a ", "sea ", "at dawn"):
        prompt.press_sequentially(word, delay=5)
        page.wait_for_timeout(450)                              # longer than the page waits before it sends
    page.get_by_role("button", name="moves closer").click()
    prompt.blur()
    page.get_by_label("Film title").fill("Sea")
    page.get_by_label("Film title").blur()
    undo = page.get_by_role("button", name="Undo (Ctrl+Z)")
    for name, words in (("A film", "a sea at dawn, moves closer"), ("A film", "a sea at dawn"), ("A film", "before")):
        undo.click()
        expect(prompt).to_have_value(words)
        expect(page.get_by_label("Film title")).to_have_value(name)


def test_the_film_so_far_plays_while_the_rest_is_made(stand: Stand, desk: Visit) -> None:
    page = desk.open(stand.film("one", "two"))
    stand.engine.gate = threading.Semaphore(6)
    page.get_by_role("button", name="Generate all").click()
    expect(badge(page, 0)).to_have_text("Done")
    expect(page.locator(".status")).to_contain_text("step 2 of 4")
    page.get_by_role("button", name="Film so far").click()
    expect(page.locator(".counter")).to_contain_text("/ 4")
    expect(page.locator(".stage video").first).to_have_js_property("readyState", 4)
    page.get_by_role("button", name="Watch live").click()
    expect(page.locator(".stage .pane img").first).to_have_attribute("src", re.compile("^data:image/webp;base64,"))


def test_the_take_chosen_stays_on_the_stage_while_others_are_made(stand: Stand, desk: Visit) -> None:
    page = desk.open(stand.film("one", "two"))
    stand.engine.gate = threading.Semaphore(6)
    page.get_by_role("button", name="Generate all").click()
    expect(page.locator(".status")).to_contain_text("step 2 of 4")
    cards(page).nth(0).locator(".cell").click()
    shown = page.locator(".pane figcaption").first
    expect(shown).to_have_text("1 · one")
    stand.engine.gate = None
    expect(badge(page, 1)).to_have_text("Done")
    expect(shown).to_have_text("1 · one")
    tool(page, 0, "rewind").click()                      # what is gone to is shown
    tool(page, 1, "rewind").click()
    expect(shown).to_have_text("2 · two")


def test_planned_segments_change_places(stand: Stand, desk: Visit) -> None:
    session = stand.film("one", "two", "three")
    session.jobs.generate_next()
    page = desk.open(session)
    expect(badge(page, 0)).to_have_text("Done")
    expect(tool(page, 0, "move_earlier")).to_be_hidden()
    tool(page, 1, "move_earlier").click()                       # a rendered one stands before it: what becomes of that?
    page.get_by_role("dialog", name="Move segment 2 to place 1").get_by_label("Close").click()
    expect(tool(page, 2, "move_later")).to_be_hidden()
    tool(page, 1, "move_later").click()
    expect(page.get_by_label("Prompt of segment 2")).to_have_value("three")
    tool(page, 2, "move_earlier").click()
    expect(page.get_by_label("Prompt of segment 2")).to_have_value("two")


def test_lengths_seeds_and_phrases(stand: Stand, desk: Visit) -> None:
    session = stand.film("A hill")
    page = desk.open(session)
    expect(page.locator(".length")).to_have_text("0.3 s · 1 section")
    page.get_by_label("One section longer").click()
    expect(page.locator(".length")).to_have_text("0.7 s · 2 sections")
    page.get_by_label("Seed of segment 1").fill("77")
    page.get_by_label("Seed of segment 1").press("Enter")
    page.get_by_label("Prompt of segment 1").click()
    page.keyboard.press("End")
    page.get_by_role("button", name="moves closer").click()
    expect(page.get_by_label("Prompt of segment 1")).to_have_value("A hill, moves closer")
    page.get_by_role("button", name="light", exact=True).click()
    page.get_by_role("button", name="at dusk").click()
    page.get_by_label("Prompt of segment 1").blur()
    page.get_by_label("New random seed").click()
    expect(page.get_by_label("Seed of segment 1")).not_to_have_value("77")
    assert session.project.current().segments[0].prompt == "A hill, moves closer, at dusk"


def test_preset_and_shape(stand: Stand, desk: Visit) -> None:
    session = stand.film("A hill")
    page = desk.open(session)
    page.get_by_role("button", name="Preset: Draft").click()
    page.get_by_role("menuitemradio", name="Fine").click()
    expect(page.get_by_role("button", name="Preset: Fine")).to_be_visible()
    page.get_by_role("button", name="Portrait").click()
    expect(page.get_by_role("button", name="Portrait")).to_have_attribute("aria-pressed", "true")
    assert (session.project.settings.preset, session.project.size) == ("fine", (48, 64))


def test_the_film_so_far_and_export(stand: Stand, desk: Visit) -> None:
    page = desk.open(render_all(stand.film("one", "two")))
    page.get_by_role("button", name="Film so far").click()
    expect(page.locator(".counter")).to_contain_text("/ 8")
    page.get_by_role("button", name="Export").click()
    for name, suffix in (("Film as MP4", ".mp4"), ("GIF", ".gif"), ("Project as ZIP", ".zip")):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert download.value.suggested_filename.endswith(suffix)
        assert download.value.path().stat().st_size > 100
    page.get_by_label("Fade in and out, in seconds").fill("10")
    with page.expect_download():
        page.get_by_role("button", name="Film as MP4").click()
    expect(page.locator("dialog .hint[role=status]")).to_contain_text("each was shortened to half of it")
