"""The page in a real Chromium, on the real session and a fake engine. Without a browser these tests are skipped."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from studio.project import edits
from studio.session import Session, Studio
from tests.fake_engine import FakeEngine
from tests.lora_shelves import model
from tests.served_pages import close_page
from tests.shelves import picture

STEP = 0.004
WAIT = 20_000
PHRASES = {"camera": ("pans left", "moves closer"), "light": ("at dusk", "at noon")}
QUIET = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
    "--font-render-hinting=none",       # letters of the shell are as wide as those of the whole browser
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("e2e")


def faded(page: Any) -> None:
    """Wait until what has been started to fade has faded, however slow the machine is."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_function(
        "document.getAnimations().every(each => !(each instanceof CSSTransition) || each.playState !== 'running')")


def pictures_loaded(part: Any) -> None:
    """Wait until a part's pictures have come: when a file is moved or deleted on its way, the browser complains."""
    part.scroll_into_view_if_needed()           # lists load pictures only where they are seen
    loaded = "(part) => [...part.querySelectorAll('img')].every((each) => each.complete)"
    part.page.wait_for_function(loaded, arg=part.element_handle())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(studio: Studio, **options: Any) -> Iterator[str]:
    """The page of `studio` on a free port: yields its address, and closes it afterwards."""
    from studio.ui.page import build, launch_options

    page = build(studio, **options)
    page.launch(
        **launch_options(), server_name="127.0.0.1", server_port=free_port(), prevent_thread_lock=True, quiet=True
    )
    try:
        yield page.local_url.rstrip("/")
    finally:
        close_page(page)


@dataclass
class Stand:
    """The studio under test: its address, its engine, and films to begin with."""

    url: str
    studio: Studio
    engine: FakeEngine
    folder: Path

    def film(self, *prompts: str, sections: int = 1) -> Session:
        """A film with a picture and one segment per prompt, not yet rendered."""
        session = self.studio.create("A film")
        session.set_reference(picture(self.folder))
        session.apply_preset("draft")
        for index, prompt in enumerate(prompts):
            if index:
                session.edit(edits.add_segment, seed=index)
            session.edit(edits.edit_segment, index, prompt=prompt, frames=4 * sections, seed=index)
        return session


@dataclass
class Visit:
    """What a browser did while it was here: pages to use, and all it complained of or asked for."""

    stand: Stand
    context: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    tabs: list[Any] = field(default_factory=list)
    moves: bool = False
    """Whether films play by themselves on pages opened from now on. Most tests want no motion: it takes a third of a core."""

    def open(self, session: Session, url: str | None = None) -> Any:
        page = self.context.new_page() if self.tabs else self.context.pages[0]
        self.tabs.append(page)
        page.emulate_media(reduced_motion="no-preference" if self.moves else "reduce")
        page.set_default_timeout(WAIT)
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.on("request", self._request)
        page.goto(f"{url or self.stand.url}/?project={session.id}")
        page.locator(".work:visible, .start:visible").first.wait_for()
        return page

    def close(self) -> None:
        """Leave all pages; the first tab stays, for the next test."""
        for page in self.tabs[:1]:
            for event, heard in (("console", self._console), ("pageerror", self._error), ("request", self._request)):
                page.remove_listener(event, heard)
            page.unroute_all(behavior="ignoreErrors")
        leave(self.context)

    def _console(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} {message.location}")

    def _error(self, error: Any) -> None:
        self.complaints.append(str(error))

    def _request(self, request: Any) -> None:
        self.requests.append(request.url)


def leave(context: Any) -> None:
    """Close all tabs of a browser context but the first, which is emptied.

    It is not closed: a tab that stays keeps its process, with the page's scripts compiled, and opens a page in half the time.
    """
    first, *others = context.pages
    for page in others:
        page.close()
    if first.url.startswith("http"):
        first.evaluate("sessionStorage.clear()")
        first.goto("about:blank")


class Browser:
    """Chromium with a profile for each kind of screen: what one test has fetched and compiled serves the next one."""

    def __init__(self, kind: Any, path: str, folder: Path) -> None:
        """`kind`: Playwright's browser type; `path`: the program; `folder`: for profiles, empty."""
        self._kind, self._path, self._folder = kind, path, folder
        self._profiles: dict[str, Any] = {}

    def profile(self, **options: Any) -> Any:
        """A browser context with such options, with an empty tab, and with nothing that an earlier test has left."""
        name = repr(sorted(options.items()))
        if name not in self._profiles:
            self._profiles[name] = self._kind.launch_persistent_context(
                self._folder / str(len(self._profiles)), executable_path=self._path, args=QUIET, **options)
        context = self._profiles[name]
        leave(context)
        tab = context.pages[0]
        if tab.viewport_size != options.get("viewport", tab.viewport_size):
            tab.set_viewport_size(options["viewport"])
        wire = context.new_cdp_session(tab)
        wire.send("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "cookies,local_storage"})
        wire.detach()
        return context

    def close(self) -> None:
        for context in self._profiles.values():
            context.close()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="the page's tests need: pip install playwright")
    # The shell is the same engine without windows and tabs: quicker, and a page behind another one is not slowed down.
    places = (os.environ.get("CHROMIUM"), *map(shutil.which, ("chromium-headless-shell", "chromium")), "/usr/bin/chromium")
    path = next((p for p in places if p and Path(p).exists()), None)
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium-headless-shell, or set CHROMIUM to its path")
    playwright.expect.set_options(timeout=WAIT)
    with playwright.sync_playwright() as runner:
        browser = Browser(runner.chromium, path, tmp_path_factory.mktemp("profiles"))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def running(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("studio")
    engine = FakeEngine()
    studio = Studio(folder / "projects", engine, (model(folder, phrases=PHRASES),))
    studio.home.mkdir()
    for url in serve(studio):
        yield Stand(url, studio, engine, folder)


@pytest.fixture
def stand(running: Stand) -> Stand:
    running.engine.step_seconds, running.engine.gate, running.engine.fail_at = STEP, None, None
    running.engine.out_of_memory_at = None
    running.engine.requests.clear()
    running.engine.colours.clear()
    return running


def visit(stand: Stand, chromium: Browser, **options: Any) -> Iterator[Visit]:
    context = chromium.profile(**({"viewport": {"width": 1440, "height": 900}} | options))
    visit = Visit(stand, context)
    yield visit
    complaints = list(visit.complaints)        # closing cuts the stream off, and the browser says so
    visit.close()
    stand.engine.gate = None
    assert complaints == []
    assert [url for url in visit.requests if not url.startswith((stand.url, "data:", "blob:"))] == []


@pytest.fixture
def desk(stand: Stand, chromium: Browser) -> Iterator[Visit]:
    yield from visit(stand, chromium)


@pytest.fixture
def phone(stand: Stand, chromium: Browser) -> Iterator[Visit]:
    screen = {"width": 390, "height": 844}
    yield from visit(stand, chromium, viewport=screen, has_touch=True, is_mobile=True, reduced_motion="reduce")


def cards(page: Any) -> Any:
    """The cards of the timeline's segments."""
    return page.locator(".card")


def badge(page: Any, index: int) -> Any:
    """What a segment's card says of its state."""
    return cards(page).nth(index).locator(".badge")


def tool(page: Any, index: int, verb: str) -> Any:
    """The button of a verb on a segment's card."""
    return cards(page).nth(index).locator(f"[data-verb={verb}]")


DROP = """([name, type, bytes]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], name, { type }));
  const event = type.startsWith('image') && name.startsWith('paste')
    ? new ClipboardEvent('paste', { clipboardData: carried, bubbles: true, cancelable: true })
    : new DragEvent('drop', { dataTransfer: carried, bubbles: true, cancelable: true });
  document.querySelector('.mp').dispatchEvent(event);
}"""
"""Drops a file on the page, or pastes it where its name begins with "paste"."""
AUDIT = (Path(__file__).parent / "audit.js").read_text("utf-8")
"""What is found wrong on the page: controls without a name, ids that are used twice, text that cannot be read."""
