"""LoRAs on the page: put on from a file or from those there, weighed, taken off; a wrong file says what it is."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from studio.project import edits
from studio.session import Session, Studio
from tests.e2e.conftest import AUDIT, Stand, Visit, badge, cards, faded, serve, visit
from tests.fake_engine import FakeEngine
from tests.lora_shelves import lora, model
from tests.shelves import picture, render_all

pytestmark = pytest.mark.slow


def chips(page: Any, index: int = 0) -> Any:
    return cards(page).nth(index).locator("button.chip")


def put_on(page: Any, path: Path, index: int = 0) -> None:
    """From a file, as an artist does."""
    page.get_by_role("button", name=f"Put a LoRA on segment {index + 1}").click()
    with page.expect_file_chooser() as chosen:
        page.get_by_role("menuitem", name="From a file…").click()
    chosen.value.set_files(path)


def worn(session: Session, index: int = 0) -> list[tuple[str, float]]:
    return [(one.name, one.strength) for one in session.project.current().segments[index].loras]


def test_from_a_file_to_the_engine(stand: Stand, desk: Visit) -> None:
    session = stand.film("dawn", "noon")
    page = desk.open(session)
    expect(cards(page).first.locator(".loras")).to_be_hidden()
    put_on(page, lora(stand.folder, "ink.safetensors"))
    expect(chips(page)).to_have_text("ink1.00")
    expect(chips(page)).to_have_accessible_name("LoRA ink, strength 1.00")
    chips(page).click()
    strength = page.get_by_role("slider", name="Strength of ink")
    expect(strength).to_be_focused()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    expect(chips(page)).to_have_text("ink0.80")
    page.keyboard.press("Escape")
    expect(strength).to_be_hidden()
    page.keyboard.press("Control+Enter")
    expect(badge(page, 0)).to_have_text("Done")
    asked, = stand.engine.requests[-1].loras
    assert (asked.name, asked.strength) == ("ink.safetensors", 0.8)
    chips(page).click()
    page.get_by_role("button", name="Take it off").click()
    expect(chips(page)).to_have_count(0)
    expect(badge(page, 0)).to_have_text("Stale")
    page.get_by_role("button", name="Undo").click()
    expect(badge(page, 0)).to_have_text("Done")
    expect(chips(page)).to_have_text("ink0.80")


def test_moving_the_slider_is_one_step_to_undo(stand: Stand, desk: Visit) -> None:
    session = stand.film("dawn")
    session.add_lora(0, lora(stand.folder, "ink.safetensors"))
    page = desk.open(session)
    chips(page).click()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(chips(page)).to_have_text("ink1.15")
    page.wait_for_timeout(400)
    for _ in range(2):
        page.keyboard.press("PageDown")
    page.keyboard.press("Escape")
    expect(chips(page)).not_to_have_text("ink1.15")
    assert worn(session)[0][1] < 1
    page.get_by_role("button", name="Undo").click()
    expect(chips(page)).to_have_text("ink1.00")


def test_one_that_is_there_and_on_all_planned_segments(stand: Stand, desk: Visit) -> None:
    session = stand.film("dawn", "noon", "dusk")
    session.add_lora(0, lora(stand.folder, "shelved.safetensors", seed=70), strength=0.5)
    generated_first = session.project.current().segments[0].id
    page = desk.open(session)
    page.get_by_role("button", name="Put a LoRA on segment 2").press("Enter")
    expect(page.get_by_role("menuitem", name="From a file…")).to_be_focused()
    here = page.get_by_role("menuitem", name="shelved")
    expect(here).to_contain_text("rank 2, 1 layer · 1 MB")
    page.keyboard.press("End")
    page.keyboard.press("Home")
    here.focus()
    page.keyboard.press("Enter")
    expect(chips(page, 1)).to_have_text("shelved1.00")
    expect(page.get_by_role("button", name="Put a LoRA on segment 2")).to_be_focused()
    chips(page, 0).click()
    page.get_by_role("button", name="On all planned segments").click()
    expect(chips(page, 2)).to_have_text("shelved0.50")
    expect(chips(page, 1)).to_have_text("shelved0.50")
    assert session.project.current().segments[0].id == generated_first


def test_wrong_files_say_what_they_are_and_change_nothing(stand: Stand, desk: Visit) -> None:
    session = stand.film("dawn")
    page = desk.open(session)
    wrong = stand.folder / "photo.safetensors"
    wrong.write_bytes(picture(stand.folder).read_bytes())
    put_on(page, wrong)
    expect(page.get_by_role("alert")).to_contain_text("photo.safetensors is not a safetensors file. It looks like a picture.")
    put_on(page, lora(stand.folder, "wide.safetensors", width=40))
    expect(page.get_by_role("alert").last).to_contain_text("wide.safetensors does not fit Tiny")
    assert worn(session) == [] and chips(page).count() == 0


def test_a_missing_file_is_shown_and_named(stand: Stand, desk: Visit) -> None:
    session = stand.film("dawn")
    session.add_lora(0, lora(stand.folder, "lost.safetensors", seed=50))
    stand.studio.loras.path(session.project.current().segments[0].loras[0].sha256).unlink()
    page = desk.open(session)
    expect(chips(page)).to_have_accessible_name("LoRA lost, strength 1.00, its file is missing")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("The LoRA lost.safetensors is not in this studio")
    chips(page).click()
    expect(page.locator(".lora-sheet")).to_contain_text("Its file is not in this studio any more.")
    page.keyboard.press("Escape")
    put_on(page, lora(stand.folder, "lost.safetensors", seed=50))
    expect(chips(page)).to_have_accessible_name("LoRA lost, strength 1.00")


DROP = """([name, content]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name));
  const at = document.querySelectorAll('.card .prompt')[1];
  for (const kind of ['dragenter', 'dragover', 'drop']) {
    at.dispatchEvent(new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}"""


def test_a_file_dropped_on_a_segment(stand: Stand, desk: Visit) -> None:
    session = stand.film("dawn", "noon")
    page = desk.open(session)
    path = lora(stand.folder, "dropped.safetensors", seed=30)
    page.evaluate(DROP, [path.name, base64.b64encode(path.read_bytes()).decode()])
    expect(chips(page, 1)).to_have_text("dropped1.00")
    expect(page.locator(".veil")).to_be_hidden()
    assert session.project.reference and session.project.reference.name == "teal.png"


@pytest.mark.parametrize("dark", [False, True])
def test_everybody_can_use_it(stand: Stand, desk: Visit, dark: bool) -> None:
    session = stand.film("dawn", "noon")
    session.add_lora(0, lora(stand.folder, "ink.safetensors"))
    session.add_lora(0, lora(stand.folder, "gone.safetensors", seed=90), strength=0.0)
    session.add_lora(1, lora(stand.folder, "a-long-name-" * 9 + ".safetensors", seed=80))
    gone = session.project.current().segments[0].loras[1].sha256
    page = desk.open(session)
    if page.evaluate("document.body.classList.contains('dark')") != dark:
        page.get_by_role("button", name="Switch between light and dark").click()
        faded(page)
    assert page.evaluate(AUDIT) == []
    page.get_by_role("button", name="Put a LoRA on segment 1").click()
    expect(page.get_by_role("menuitem", name="a-long-name")).to_be_visible()
    assert page.evaluate(AUDIT) == []
    page.keyboard.press("Escape")
    stand.studio.loras.path(gone).unlink()
    session.edit(edits.edit_segment, 1, prompt="dusk")
    chips(page).nth(1).click()
    expect(page.locator(".lora-gone")).to_be_visible()
    assert page.evaluate(AUDIT) == []


def test_on_a_phone(stand: Stand, phone: Visit) -> None:
    session = stand.film("dawn", "noon")
    session.add_lora(0, lora(stand.folder, "a-long-name-" * 9 + ".safetensors", seed=80))
    page = phone.open(session)
    chips(page).tap()
    sheet = page.locator(".lora-sheet").bounding_box()
    assert sheet["x"] >= 0 and sheet["x"] + sheet["width"] <= 390 and sheet["y"] >= 0 and sheet["y"] + sheet["height"] <= 844
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Take it off").tap()
    expect(chips(page)).to_have_count(0)


def test_a_shared_studio_shows_nobody_elses_and_says_how_large(chromium: Any, tmp_path: Path) -> None:
    engine = FakeEngine()
    studio = Studio(tmp_path / "projects", engine, (model(tmp_path),), shared=True)
    studio.home.mkdir()
    for url in serve(studio, public=True):
        stand = Stand(url, studio, engine, tmp_path)
        stand.film("theirs").add_lora(0, lora(tmp_path, "theirs.safetensors", seed=3))
        for here in visit(stand, chromium):
            page = here.open(stand.film("mine"))
            page.get_by_role("button", name="Put a LoRA on segment 1").click()
            expect(page.get_by_role("menuitem")).to_contain_text("Files of up to 100 MB.")
            page.wait_for_timeout(300)
            assert page.get_by_role("menuitem").count() == 1
            studio.loras.max_bytes = 500
            page.keyboard.press("Escape")
            page.get_by_role("button", name="Put a LoRA on segment 1").click()
            page.wait_for_timeout(300)
            page.keyboard.press("Escape")
            put_on(page, lora(tmp_path, "large.safetensors", seed=5))
            expect(page.get_by_role("alert")).to_contain_text("This shared studio takes LoRAs of up to 1 MB.")
            assert not any("upload" in url for url in here.requests), "known before it is sent"


def test_a_rendered_film_still_looks_as_before_where_nobody_uses_them(stand: Stand, desk: Visit) -> None:
    page = desk.open(render_all(stand.film("dawn", "noon")))
    expect(badge(page, 1)).to_have_text("Done")
    assert page.locator(".loras:visible, .chip:visible, .lora-sheet:visible, .loras-there:visible").count() == 0
