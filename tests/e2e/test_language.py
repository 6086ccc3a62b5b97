"""The page in a language that puts every text in brackets: a text outside them was forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from studio.catalogue.cards import ADAPTER, RECALL, ModelFile
from studio.project import edits
from studio.session import Session, Studio
from tests.brackets import BRACKETS, speak_brackets
from tests.e2e.conftest import Stand, Visit, serve, visit
from tests.fake_engine import FakeEngine
from tests.lora_shelves import model
from tests.shelves import picture, render_all, wait_for_job

pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")

PROMPTS = ("●", "●●", "●●●")
"""What the artist writes has no letters here, so whatever has some was written by the studio."""

STAYS = (
    r"MemoryPack|Studio|LoRA|Elo|GIF|MP4|WebP|EDL|ProRes|FFV1|OpenTimelineIO|Final Cut XML|A4",   # names of programs and formats
    r"Tiny is ready\.|Tiny|For tests\.",                            # what the model for tests and its engine say of themselves
    r"English|eo",                                                  # languages, under their own names
    r"\b[A-Z]\b",                                                   # letters on keys, and of the two takes that are compared
    r"\d{4} M\d\d \d\d?",                                           # dates, which the browser writes
    r"teal\.png|Main|Branch 2",                                     # files and branches are called so: their names are data
    r"pans left|moves closer|__\w+__",                              # words that a model reads in prompts
)
DATA = ".sample-name b, .sample-words p, .styles .look"
"""What stories are called, and the words of stories and styles, which a model reads."""

OUTSIDE = """(data) => {
  const bare = (text) => { const less = text.replace(/⟦[^⟦⟧]*⟧/g, ''); return less === text ? text : bare(less); };
  const found = new Set();
  const look = (text, where) => { const rest = bare(text).trim(); if (/\\p{L}/u.test(rest)) found.add(`${where}: ${rest}`); };
  for (const element of document.querySelectorAll('.mp, .mp *')) {
    if (element.matches(`style, script, ${data}`) || !element.checkVisibility()) continue;
    for (const name of ['title', 'aria-label', 'placeholder', 'alt', 'aria-valuetext']) {
      if (element.getAttribute(name)) look(element.getAttribute(name), `${name} of ${element.tagName.toLowerCase()}`);
    }
    const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join('');
    look(own, element.tagName.toLowerCase());
  }
  return [...found];
}"""

def forgotten(page: Any) -> list[str]:
    """Every text on the page that is neither in brackets nor one of those that stay."""
    stays = re.compile("|".join(STAYS))
    return [text for text in page.evaluate(OUTSIDE, DATA) if re.search(r"[^\W\d_]", stays.sub("", text.partition(": ")[2]))]


@pytest.fixture(scope="module")
def bracketed(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A studio that speaks in brackets, with a model that has all abilities."""
    folder = tmp_path_factory.mktemp("brackets")
    with pytest.MonkeyPatch.context() as patch:
        speak_brackets(folder, patch)
        files = tuple(ModelFile(name, 1, "0" * 64) for name in (ADAPTER, RECALL))
        card = model(folder, files=files, sizes=((320, 192), (640, 384)), phrases={"camera": ("pans left", "moves closer")})
        engine = FakeEngine()
        studio = Studio(folder / "projects", engine, (card,))
        studio.home.mkdir()
        for url in serve(studio):
            yield Stand(url, studio, engine, folder)


@pytest.fixture
def brackets(bracketed: Stand, chromium: Any) -> Iterator[Visit]:
    yield from visit(bracketed, chromium, locale=BRACKETS)


def film(stand: Stand) -> Session:
    """A film with three segments, two takes of the last one, and a segment that is not rendered."""
    session = stand.studio.create("★")
    session.set_reference(picture(stand.folder))
    for index, prompt in enumerate(PROMPTS):
        if index:
            session.edit(edits.add_segment, seed=index)
        session.edit(edits.edit_segment, index, prompt=prompt, frames=4, seed=index)
    render_all(session)
    session.jobs.retake(session.project.film()[-1].id)
    assert wait_for_job(session).state == "done"
    session.edit(edits.add_segment, prompt="●●●●")
    return session


def test_the_start_is_translated(brackets: Visit) -> None:
    page = brackets.open(brackets.stand.studio.create("★"))
    assert page.evaluate("document.documentElement.lang") == BRACKETS
    page.locator(".sample").first.wait_for()
    assert forgotten(page) == []


def test_a_text_in_no_catalogue_is_found(brackets: Visit) -> None:
    page = brackets.open(brackets.stand.studio.create("★"))
    page.evaluate("document.querySelector('.start').append('⟦three of ⟦the sea⟧⟧ and more')")
    page.evaluate("document.querySelector('.start h2').title = 'Tiny words'")
    assert forgotten(page) == ["section: and more", "title of h2: Tiny words"]


SHEETS = {
    "exports": "Export", "library": "Open another film", "shortcuts": "Keyboard shortcuts (?)", "words": "Words of the film: none",
    "sound": "Sound", "picture": "Picture", "memory test": "Does it remember?", "map": "Pin and forget", "look": "Look",
    "trim": "Trim", "vote": "Blind vote", "audition": "Audition", "model": "Tiny. ", "preset": "Preset", "language": "Language",
    "boundary": "Beginning of segment 2", "LoRAs": "Put a LoRA on segment 4", "more": "More",
}
"""What opens each sheet and menu of the desk: how a button's name begins."""


@pytest.mark.slow
def test_the_desk_is_translated(brackets: Visit) -> None:
    """The desk with all its sheets and menus."""
    page = brackets.open(film(brackets.stand))
    page.locator(".card .cell").first.click()
    page.get_by_role("button", name="⟦Drift").click()
    page.locator(".drift-legend dt").first.wait_for()
    outside = {"desk": forgotten(page)}
    for name, opener in SHEETS.items():
        page.get_by_role("button", name=re.compile(f"^⟦?{re.escape(opener)}")).first.evaluate("button => button.click()")
        page.wait_for_function("document.querySelector('dialog[open], :popover-open')")
        page.wait_for_timeout(400)                      # what a sheet asks the studio for
        outside[name] = forgotten(page)
        page.keyboard.press("Escape")
        page.wait_for_function("!document.querySelector('dialog[open], :popover-open')")
    page.get_by_role("button", name="⟦Drift").click()
    page.locator(".card textarea").first.fill("●○")
    page.locator(".early .button").first.wait_for()
    outside["an early change"] = forgotten(page)
    page.locator("[data-verb=remove_segment]").first.evaluate("button => button.click()")
    page.locator("dialog[open]").wait_for()
    outside["what becomes of the takes after it"] = forgotten(page)
    page.keyboard.press("Escape")
    page.locator(".card .cell").nth(2).click()
    page.get_by_title("⟦All 2 takes").click()
    page.locator(".take-cell[data-made]").first.wait_for()
    outside["takes to choose from"] = forgotten(page)
    page.locator(".take-cell").last.get_by_role("button", name="⟦Drop into the trash⟧").click()
    page.get_by_role("button", name="⟦Back to the stage (Esc)⟧").click()
    page.locator(".trash-opener").click()
    page.locator(".bin .tool").first.click()
    outside["trash"] = forgotten(page)
    assert {name: found for name, found in outside.items() if found} == {}
