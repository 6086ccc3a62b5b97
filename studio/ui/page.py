"""The page: one Gradio Blocks with a board, a live job, and the wire from them to the studio. It never imports torch."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from studio.session import EditError, Session, StoreError, Studio
from studio.ui import views
from studio.ui.component import component
from studio.ui.fields import Fields, Misread
from studio.ui.gallery import EXAMPLES, find_samples
from studio.ui.theme import theme
from studio.ui.verbs import Desk
from studio.ui.words import notice

ASSETS = Path(__file__).parents[2] / "assets"
TITLE = "MemoryPack Studio"

SCRIPTS = (
    "dom", "icons", "menu", "desk", "picture", "header", "start", "memory", "player", "stage", "phrases", "lora", "card",
    "timeline", "tree", "dialogs", "notices", "keys", "board",
)  # fmt: skip
STYLES = ("tokens", "base", "header", "start", "stage", "timeline", "tree", "dialogs", "lora", "small")

TICK = 0.05
"""Seconds between two looks at a session. A look compares two values and holds no thread, however many pages are open."""
BEAT = 5.0
"""Seconds after which the page hears something even if nothing changed, so that it knows it is still connected."""

UPLOADS = {False: 4096, True: 100}
"""Megabytes of a file that is brought to the page, at most: on a machine of one's own a LoRA may be large; on a shared one not."""

log = logging.getLogger(__name__)


def build(studio: Studio, *, public: bool = False) -> gr.Blocks:
    """The whole page on `studio`. `public`: several people use it, so nobody is shown a project they did not open."""
    gr.set_static_paths([studio.home, EXAMPLES])
    desk = Desk(studio, find_samples(), Path(get_upload_folder()), public)
    pages: dict[str, object] = {}

    def ask(message: Any) -> dict[str, Any]:
        # Gradio notes the visitor's request around this call; a job begun here carries it along to its worker.
        return desk.ask(message)

    async def follow(event: gr.EventData, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Show one project to one page until the page leaves, or asks to follow another project."""
        page, ticket = request.session_hash or "", object()
        pages[page] = ticket
        try:
            session = await asyncio.to_thread(_opened, desk, event._data)
            if isinstance(session, dict):
                yield {live: session}
                return
            with studio.protect(session):
                async for shown in _screens(studio, session, lambda: pages.get(page) is ticket):
                    yield {board: shown["board"], live: shown["live"]} if "board" in shown else {live: shown["live"]}
            # A stream that ends repeats its last words; these are none, so that they do not cover the next film.
            yield {board: gr.skip(), live: gr.skip()}
        finally:
            if pages.get(page) is ticket:
                del pages[page]

    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)) as page:
        live = component("live", ["live"])
        board = component("board", SCRIPTS, STYLES, ask, MARK=(ASSETS / "icon.svg").read_text("utf-8"))
        board.follow(
            follow,
            outputs=[board, live],
            show_progress="hidden",
            trigger_mode="multiple",
            concurrency_limit=None,
            api_visibility="private",
        )
    # On some hosts the queue holds one event by default, which is fewer than one page sends.
    page.queue(max_size=512, default_concurrency_limit=8)
    return page


def launch_options(public: bool = False) -> dict[str, Any]:
    """How the page wants to be launched: pass these to `Blocks.launch`. `public`: several people use it, and bring files."""
    return {
        "theme": theme(),
        "favicon_path": ASSETS / "icon.png",
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "show_error": False,
        "max_file_size": f"{UPLOADS[public]}mb",
    }


def _opened(desk: Desk, message: object) -> Session | dict[str, Any]:
    """The session to follow, or a notice that says why there is none."""
    project = message.get("project") if isinstance(message, Mapping) else None
    try:
        fields = Fields(message)
        return desk.open(fields.folder("project") if fields.has("project") else None)
    except (EditError, StoreError) as error:
        return {"project": project, "notice": notice(str(error)), "lost": True}
    except Misread as error:
        return {"project": project, "notice": notice(f"This address names no film ({error})."), "lost": True}


async def _screens(studio: Studio, session: Session, wanted: Callable[[], bool]) -> AsyncIterator[dict[str, Any]]:
    """Views of `session` while wanted: the board when it changed, the job when it moved, a beat when nothing did."""
    board: dict[str, Any] | None = None
    seen, beat, quiet = None, 0, 0.0
    while wanted():
        now = (session.revision, session.engine)
        if now == seen and quiet < BEAT:
            await asyncio.sleep(TICK)
            quiet += TICK
            continue
        beat, quiet = beat + 1, 0.0
        screen: dict[str, Any] = {"live": {"project": session.id, "job": views.live(session.job), "beat": beat}}
        if now != seen:
            drawn = await asyncio.to_thread(views.board, session, studio.models, studio.presets)
            if drawn != board:
                screen["board"] = board = drawn
        seen = now
        yield screen
