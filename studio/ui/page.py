"""The page: one Gradio Blocks with the board, the running job, and the connection from both to the studio."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from starlette.responses import JSONResponse

from studio.api.endpoints import add_endpoints
from studio.language import LANGUAGES, choose_language, script_catalogues, sentence
from studio.session import EditError, Session, StoreError, Studio
from studio.ui import views
from studio.ui.api import PageApi
from studio.ui.component import component
from studio.ui.disk_views import making_again_view
from studio.ui.fields import Fields, MessageError
from studio.ui.gallery import EXAMPLES, find_samples
from studio.ui.memory_test_views import memory_test_view
from studio.ui.memory_use_views import memory_use_view
from studio.ui.moment_views import moment_view
from studio.ui.one_app import leave_apps_out
from studio.ui.theme import theme
from studio.ui.words import notice

ASSETS = Path(__file__).parents[2] / "assets"
TITLE = "MemoryPack Studio"

SCRIPTS = (
    "dom", "words", "icons", "menu", "client",
    "picture", "password", "header", "start", "memory",
    "player", "pair", "compare", "group",
    "audition", "takes", "trash", "disk",
    "sound", "stage",
    "phrases", "film_words", "drift", "look", "trim", "pasted", "lora", "shot", "blend", "card",
    "early", "timeline", "tree", "dialogs", "library", "export", "preset", "reuse",
    "frame", "glass", "brush", "subject", "flow", "easel",
    "vote",
    "question", "memory_test", "memory_map", "moment", "memory_use",
    "notices", "keys", "board",
)  # fmt: skip
STYLES = (
    "tokens", "base", "header", "start",
    "stage", "takes",
    "early", "timeline", "tree", "dialogs", "export", "film_words", "drift", "look", "trim", "lora", "blend", "shot", "video",
    "easel", "frame", "marks",
    "small", "compare", "vote", "memory_test", "memory_use", "memory_map", "trash", "disk", "sound", "preset", "library",
)  # fmt: skip

PAUSE = 0.05
"""Seconds between two messages to a page, at least: a job may change many times a second."""
HEARTBEAT = 5.0
"""Seconds after which the page gets a message even if nothing changed, so that it knows it is still connected."""
LOOK = 0.02
"""Seconds between two looks for events that wait. Gradio looks 1000 times a second: 7 % of a core for a page that does nothing."""

MAX_UPLOAD_MB = {False: 4096, True: 100}
"""Megabytes of an uploaded file, at most: a LoRA may be large on one's own machine (False), but not on a shared one (True)."""

log = logging.getLogger(__name__)


def build(studio: Studio, *, public: bool = False, uploads: Path | None = None, user: str | None = None) -> gr.Blocks:
    """The whole page of `studio`.

    Args:
        studio: what it shows.
        public: several people use it, so each is shown only the projects that they opened.
        uploads: the folder of this page's uploads; None: Gradio's, and every page serves the files of the studio's folder.
        user: who has logged in to it; None: nobody has to. "": it has one user, who has no name.
    """
    # Gradio knows one list of such folders for all pages: the films of one user must not be in it.
    gr.set_static_paths([EXAMPLES] if uploads else [studio.home, EXAMPLES])
    api = PageApi(studio, find_samples(), uploads or Path(get_upload_folder()), public, remote=user is not None)
    pages: dict[str, asyncio.Event] = {}        # what wakes the stream of a page

    def ask(message: Any) -> JSONResponse:
        # Gradio sets the visitor's request in a context variable around this call; a job that starts here keeps it. The answer is
        # encoded here, in a thread: otherwise FastAPI goes through all of it in the loop that serves everybody.
        return JSONResponse(api.answer(message))

    async def follow(event: gr.EventData, request: gr.Request) -> AsyncIterator[dict[Any, Any]]:
        """Send one project's changes to one page until the page closes or follows another project."""
        page, bell = request.session_hash or "", asyncio.Event()
        name = _name(event._data)
        if before := pages.get(page):
            before.set()                        # it ends when it sees that it is not the page's any more
        pages[page] = bell
        language = choose_language(event._data.get("language") if isinstance(event._data, Mapping) else None)
        try:
            session = await asyncio.to_thread(_session_or_notice, api, event._data)
            if isinstance(session, dict):
                yield {board: None, **_encoded(api, {live: session}, language)}
                return
            with studio.protect(session), api.boards.page(name) if name else contextlib.nullcontext():
                async for update in _updates(api, session, lambda: pages.get(page) is bell, bell, name):
                    # Only here: boards are compared in English. In a thread: it takes longer than making the board.
                    sent = await asyncio.to_thread(_encoded, api, update, language)
                    # Nothing for the board is None, not `gr.skip()`: for that Gradio makes the component anew, and searches all
                    # its scripts, in the loop that serves everybody.
                    yield {board: sent.get("board"), live: sent["live"]}
            # A stream repeats its last message when it ends: an empty one, so that it does not replace the next film.
            yield {board: None, live: None}
        finally:
            if pages.get(page) is bell:
                del pages[page]

    cache = None if uploads else (3600, 86400)  # seconds between two looks, and when files are old; not in a folder of films
    with leave_apps_out(), gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=cache) as page:
        live = component("live", ["live"])
        board = _board(ask, user)
        board.follow(
            follow,
            outputs=[board, live],
            show_progress="hidden",
            trigger_mode="multiple",
            concurrency_limit=None,
            api_visibility="private",
        )
        _open_queue(page)
    add_endpoints(page, api)
    return page


def _board(ask: Callable[[Any], JSONResponse], user: str | None) -> gr.HTML:
    """The component that shows a film and is clicked on. `ask`: what answers it; `user`: see `build`."""
    icon = (ASSETS / "icon.svg").read_text("utf-8")
    return component(
        "board", SCRIPTS, STYLES, ask, MARK=icon, LANGUAGES=LANGUAGES, CATALOGUES=script_catalogues(), USER=user)


def _open_queue(page: gr.Blocks) -> None:
    """Give the page a queue for many events, which keeps no statistics of them and leaves the processor alone while none comes."""
    # On some hosts the queue takes only one event by default, but a page sends several at once.
    page.queue(max_size=512, default_concurrency_limit=8)
    page._queue.sleep_when_free = LOOK
    page._queue.progress_update_sleep_when_free = 1.0       # it looks for news of `gr.Progress`, which is not used here
    # Whenever an event ends, Gradio makes a table of the times of all events so far, with pandas, for a page that is not served.
    setattr(page._queue, "compute_analytics_summary", lambda _: {})  # noqa: B010 - mypy refuses to assign to a method


def launch_options(public: bool = False) -> dict[str, Any]:
    """Arguments for `Blocks.launch`. `public`: several people use the page, so uploads are smaller."""
    return {
        "theme": theme(),
        "favicon_path": ASSETS / "icon.png",
        "footer_links": [],
        "run_history": False,
        "ssr_mode": False,
        "show_error": False,
        "max_file_size": f"{MAX_UPLOAD_MB[public]}mb",
    }


def _session_or_notice(api: PageApi, message: object) -> Session | dict[str, Any]:
    """The session that a page asks for, or a message to the page that says why there is none."""
    project = message.get("project") if isinstance(message, Mapping) else None
    try:
        fields = Fields(message)
        session = api.open(fields.folder("project") if fields.has("project") else None)
        # A page that knows the film by its id, because its folder was renamed, asks again for the folder.
        return session if project in (None, session.id) else {"project": project, "moved": session.id}
    except (EditError, StoreError) as error:
        return {"project": project, "notice": notice(str(error)), "lost": True}
    except MessageError as error:
        message = sentence("This address names no film ({error}).", error=str(error))
        return {"project": project, "notice": notice(message), "lost": True}


def _name(message: object) -> str | None:
    """What a page calls itself, to be known again when it asks; None: it does not say."""
    try:
        return Fields(message).optional_identifier("page")
    except MessageError:
        return None


def _encoded(api: PageApi, message: Mapping[Any, Any], language: str) -> dict[Any, dict[str, str]]:
    """The parts of a message to a page, in its language, each as one text.

    Gradio looks for files, addresses and changes in all that it sends, value by value, in the loop that serves everybody. And where
    lists within lists grow shorter, as when takes are dropped, the changes that it sends take other elements away.
    """
    said = api.localized(dict(message), language)
    return {part: {"json": json.dumps(said[part], ensure_ascii=False, separators=(",", ":"))} for part in said}


async def _updates(
    api: PageApi, session: Session, wanted: Callable[[], bool], bell: asyncio.Event, page: str | None = None
) -> AsyncIterator[dict[str, Any]]:
    """Messages to a page while it is `wanted`: the board and the job when they changed, a heartbeat when nothing did.

    Args:
        api, session: what the page shows.
        wanted: whether it still shows that.
        bell: set it when `wanted` may have become false.
        page: what it calls itself. A board that came with the answer to its own click is not sent again.
    """
    board: dict[str, Any] = {}
    told: dict[str, Any] = {}
    last, beat, due, waited, loop = None, 0, 0.0, False, asyncio.get_running_loop()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):         # the server has stopped
            loop.call_soon_threadsafe(bell.set)

    with session.on_change(wake):
        while wanted():
            if session.gone:
                yield {"live": {"project": session.id, "notice": notice(session.gone, kind="found"), "lost": True}}
                return
            bell.clear()
            now, live = (session.revision, session.engine), _live(session)
            if last not in (None, now) and live == told and not waited:
                # Only the board changed: who changed it gets it with the answer, which goes first, and it is made once.
                waited = True
                await asyncio.sleep(PAUSE)
                continue
            waited, message = False, dict[str, Any]()
            if now != last:
                view = await asyncio.to_thread(api.boards.changed if last else api.boards.fresh, session)
                if api.boards.has(page, view):
                    board = view
                elif view != board | {"revision": view["revision"]}:
                    message["board"] = board = view
            last = now
            if loop.time() >= due and session.store.read_only:
                if await asyncio.to_thread(_read_again, api, session):
                    yield {"live": {"project": session.id, "moved": session.id}}
                    return
                await asyncio.to_thread(session.follow)     # what came rings the bell
            if message or live != told or loop.time() >= due:
                told, beat, due = live, beat + 1, loop.time() + HEARTBEAT
                yield message | {"live": live | {"beat": beat, "revision": board["revision"]}}
                await asyncio.sleep(PAUSE)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), due - loop.time())


def _read_again(api: PageApi, session: Session) -> bool:
    """Whether the film was read again since, because another studio let it go, or is not there: the page is to ask for it."""
    try:
        return api.studio.open(session.id) is not session
    except StoreError:
        return True


def _live(session: Session) -> dict[str, Any]:
    """What is going on in a film: its job, and what is made behind the page."""
    return {
        "project": session.id, "job": views.job_view(session.job), "memory_test": memory_test_view(session.memory_tests.view),
        "memory_use": memory_use_view(session.memory_uses.view), "moment": moment_view(session.moments.view),
        "again": making_again_view(session.snapshots.view),
    }
