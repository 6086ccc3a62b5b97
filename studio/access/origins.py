"""Which requests of a browser come from the studio's own page.

A page of another site can let a browser send requests to any address, this machine's too (CSRF), and a name of its own can be
made to lead to this machine (DNS rebinding). Programs send no `Origin` and no `Sec-Fetch-Site`; browsers do, and no page can
change them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL = ("127.0.0.1", "localhost", "::1")
ELSEWHERE = (
    "This request comes from a page of another site, so it was not answered. Open the studio at its own address; behind a proxy, "
    "start it with --root-path and the whole address that the proxy shows."
)


NO_NAME = (
    "The studio serves this machine alone and is not called by this name. Open it as http://127.0.0.1 with its port; behind a "
    "proxy, start it with --root-path."
)


FETCHES = re.compile(r"/gradio_api/(?:file[=/]\s*https?:|proxy=)", re.IGNORECASE)
"""Paths by which Gradio fetches something from elsewhere."""


def is_own(headers: Headers, root_path: str = "") -> bool:
    """Whether a request is no page's of another site. `root_path`: of the studio; where it is an address, its host counts too."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        host = urlsplit(origin).netloc.lower()
        return bool(host) and host in (headers.get("host", "").lower(), urlsplit(root_path).netloc.lower())
    except ValueError:
        return False


def is_visit(scope: Scope, headers: Headers) -> bool:
    """Whether a request only opens a page, as a link on another site does."""
    navigates = headers.get("sec-fetch-mode", "navigate") == "navigate" and "origin" not in headers
    return navigates and scope["method"] in ("GET", "HEAD")


class NoFetching:
    """Middleware: Gradio fetches an address for whoever asks (`file=http...`, `proxy=...`), and the studio has no use for that."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and FETCHES.search(scope["path"]):
            await PlainTextResponse("The studio fetches nothing from other addresses.", 403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class OwnPages:
    """Middleware for a studio without a password: its own page and programs reach it, pages of other sites do not."""

    def __init__(self, app: ASGIApp, root_path: str = "", hosts: Sequence[str] = LOCAL, own_check: str = "/mcp") -> None:
        """Answer with `app`.

        Args:
            app: the studio.
            root_path: of it, behind a proxy.
            hosts: names by which it is called; none: by any, since a proxy or a network leads to it.
            own_check: the path of what has a check of its own.
        """
        self._app, self._root_path, self._hosts, self._own_check = app, root_path, hosts, own_check

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(raw=scope.get("headers", []))
        if scope["type"] != "http" or scope["path"] == self._own_check:
            await self._app(scope, receive, send)
        elif self._hosts and _name(headers) not in self._hosts:
            await PlainTextResponse(NO_NAME, 421)(scope, receive, send)
        elif not (is_own(headers, self._root_path) or is_visit(scope, headers)):
            await PlainTextResponse(ELSEWHERE, 403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _name(headers: Headers) -> str:
    """By which name the browser calls the studio, without the port; "" where that cannot be read."""
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""
