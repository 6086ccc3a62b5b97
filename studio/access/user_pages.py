"""A page for each user: a studio on a folder of its own, and Gradio's whole application for it, on one engine.

Nothing is shared that a user could ask for: films, uploads, streams and their queues belong to one application each, so no id
of another user's is known to it, and it serves files of one folder alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from gradio.routes import mount_gradio_app
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from studio.access.users import FOLDER, ONLY
from studio.session import MediaError, Studio
from studio.ui.page import build, launch_options

log = logging.getLogger(__name__)
UPLOADS = ".uploads"
"""The folder in a user's home for what was uploaded."""
UPLOAD = "/gradio_api/upload"
UPLOAD_SECONDS = 86_400.0
"""Seconds after which an upload is removed: films have copies of what they use."""


class UserPages:
    """Makes the page of a user when it is first asked for."""

    def __init__(
        self, make_studio: Callable[[str], Studio], root_path: str = "",
        agents: Callable[[Studio, Path], dict[str, Any]] | None = None,
    ) -> None:
        """Make pages.

        Args:
            make_studio: the studio of a user, by the user's name.
            root_path: of the studio, behind a proxy.
            agents: options of a FastAPI application, so that the page serves agents too, for a studio and its folder of uploads.
        """
        self._make_studio = make_studio
        self._root_path = root_path
        self._agents = agents
        self._studios: dict[str, Studio] = {}
        self._pages: dict[str, asyncio.Task[ASGIApp]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = asyncio.Event()

    def studio(self, name: str) -> Studio:
        """The studio of a user."""
        if name not in self._studios:
            self._studios[name] = self._make_studio(name)
        return self._studios[name]

    async def page(self, name: str) -> ASGIApp:
        """The application of a user."""
        if name not in self._pages or (self._pages[name].done() and self._pages[name].exception()):
            self._pages[name] = asyncio.create_task(self._open(name))
        return await asyncio.shield(self._pages[name])

    async def close(self) -> None:
        """End all pages."""
        self._closing.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _open(self, name: str) -> ASGIApp:
        page = await asyncio.to_thread(self._build, name)
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def run() -> None:
            """The application's life, in one task from its beginning to its end, as its task groups want it."""
            try:
                async with page.router.lifespan_context(page):
                    ready.set_result(None)
                    await self._closing.wait()
            except Exception as error:
                if ready.done():
                    log.exception("a page did not end well")
                else:
                    ready.set_exception(error)

        self._tasks.append(asyncio.create_task(run()))
        await ready
        return page

    def _build(self, name: str) -> FastAPI:
        studio = self.studio(name)
        uploads = studio.home / UPLOADS
        uploads.mkdir(parents=True, exist_ok=True, mode=0o700)
        remove_old(uploads, UPLOAD_SECONDS)
        blocks = build(studio, uploads=uploads, user=name)
        more = self._agents(studio, uploads) if self._agents else {}
        more["middleware"] = [Middleware(UploadRoom, studio=studio)]
        page = mount_gradio_app(FastAPI(docs_url=None, redoc_url=None, openapi_url=None), blocks, "/", **launch_options(),
                                root_path=self._root_path, allowed_paths=[str(studio.home)], app_kwargs=more,
                                blocked_paths=[str(studio.home / FOLDER)] if name == ONLY else [])
        application = next(route.app for route in page.routes if hasattr(route, "app"))
        application.uploaded_file_dir = str(uploads)
        blocks.is_running = True                   # else Gradio serves every SVG that it meets to everyone
        for block in (blocks, *blocks.blocks.values()):
            block.GRADIO_CACHE = str(studio.home)   # what lies there already is not copied elsewhere
        return page


class UploadRoom:
    """Middleware: an upload that its user has no room for is not received."""

    def __init__(self, app: ASGIApp, studio: Studio) -> None:
        self._app, self._studio = app, studio

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].rstrip("/").endswith(UPLOAD):
            length = Headers(scope=scope).get("content-length", "")
            if not length.isdecimal():
                await PlainTextResponse("An upload must say how long it is (Content-Length).", 411)(scope, receive, send)
                return
            try:
                await asyncio.to_thread(self._studio.check_room, int(length[:18]))
            except MediaError as error:
                await PlainTextResponse(str(error), 507)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def remove_old(uploads: Path, age: float) -> None:
    """Remove uploads older than `age` seconds."""
    for path in uploads.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > age:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
