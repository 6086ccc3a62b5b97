"""The door before everything that a studio serves: nobody passes without a session or a token, and then only to the own page.

It stands before Gradio's application, so pages, functions, files, uploads, streams and agents have this one way in. Whoever passes
is answered by an application that has this user's films alone; see `user_pages.py`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.access import passwords
from studio.access.access import Access
from studio.access.answers import read_form, refusal, too_many, wait_sentence
from studio.access.login_page import HEADERS, login_page, preferred_language
from studio.access.origins import ELSEWHERE, is_own, is_visit
from studio.access.passwords import change_password, user_by_password
from studio.access.sessions import LONGEST_SECONDS
from studio.access.users import ONLY, User, UsersError
from studio.language import sentence

log = logging.getLogger(__name__)
WRONG = sentence("This name and password do not belong together. Try again.")
WRONG_PASSWORD = sentence("This is not the password. Try again.")
LOGGED_OUT = sentence("Nobody is logged in here, or the session has ended. Log in at the studio's address, or send a token.")
LOOK_AGAIN_SECONDS = 1.0
"""Seconds between two looks whether the session of a stream is over."""
START = "/gradio_api/startup-events"
"""What Gradio asks its own server when that has started."""


class Door:
    """Middleware: lets requests of users through to their own pages."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        """Stand before `app`, which is only asked whether it has started."""
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (scope["type"] == "http" and self._path(scope) == START):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, address = Headers(scope=scope), (scope.get("client") or ("",))[0]
        own = is_own(headers, self._access.root_path)
        path, request = self._path(scope), Request(scope, receive)
        if path in ("/login", "/login/"):
            asked = await self._login(request, address) if own or is_visit(scope, headers) else Response(ELSEWHERE, 403)
            await asked(scope, receive, send)
            return
        key = request.cookies.get(self._access.cookie, "")
        by_token = headers.get("authorization", "").lower().startswith("bearer ")
        answer: Response | None = None
        if by_token:
            passed = await self._token(headers["authorization"][7:].strip(), address)
            answer = passed if isinstance(passed, Response) else None
            present: Callable[[], User | None] = lambda: self._by_token(headers["authorization"][7:].strip())  # noqa: E731
        else:
            present = lambda: self._access.sessions.user(key)  # noqa: E731
        user = None if answer else present()
        if answer is None and user is None:
            answer = self._stranger(scope, headers, address)
        if answer is None and not (by_token or own or is_visit(scope, headers)):
            answer = Response(ELSEWHERE, 403)
        if answer is None and user and path in ("/logout", "/logout/"):
            answer = self._logout(scope, key)
        if answer is None and user and not by_token and path in ("/password", "/password/"):
            answer = await self._password(request, user, address)
        if answer is None and user and (wait := self._access.limits.user(user.name, scope["method"])):
            answer = too_many(wait, headers)
        if answer is not None or user is None:
            await (answer or Response(status_code=401))(scope, receive, send)
            return
        page = await self._access.pages.page(user.name)
        await _serve(page, dict(scope), receive, send, present)

    async def _login(self, request: Request, address: str) -> Response:
        """The page that asks for the password, or what becomes of an answer to it."""
        language, headers = preferred_language(request.headers.get("accept-language", "")), request.headers
        query = request.url.query
        if request.method != "POST":
            if wait := self._access.limits.stranger(address):
                return too_many(wait, headers)
            return self._ask(language, query=query)
        form = await read_form(request)
        name = form.get("username", "").strip().lower() if self._access.named else ONLY
        browser = "text/html" in headers.get("accept", "")
        if wait := self._access.limits.login(address, name):
            problem = wait_sentence(wait)
            return self._ask(language, problem, name, query, 429, wait) if browser else too_many(wait, headers)
        user = await user_by_password(self._access, name, form.get("password", ""), address)
        if user is None:
            problem = WRONG if self._access.named else WRONG_PASSWORD
            return self._ask(language, problem, name, query, 401) if browser else refusal(401, "login", problem, headers)
        answer: Response = RedirectResponse(f"./?{query}" if query else "./", 303) if browser else JSONResponse({"success": True})
        self._set_cookie(request.scope, answer, self._access.sessions.begin(user), int(LONGEST_SECONDS))
        return answer

    def _ask(self, language: str, problem: str = "", name: str = "", query: str = "", status: int = 200, wait: int = 0) -> Response:
        text = login_page(language, problem, name if self._access.named else None, query)
        return HTMLResponse(text, status, HEADERS | ({"Retry-After": str(wait)} if wait else {}))

    def _logout(self, scope: Scope, key: str) -> Response:
        """End a session. By POST alone: a link on another page must not log anybody out."""
        if scope["method"] != "POST":
            return Response(status_code=405, headers={"Allow": "POST"})
        self._access.sessions.end(key)
        answer = Response(status_code=204)
        self._set_cookie(scope, answer, "", 0)
        return answer

    async def _password(self, request: Request, user: User, address: str) -> Response:
        """Change the user's password. This browser goes on with a session of its own; all others of the user have ended then."""
        changed = await change_password(self._access, request, user.name, address)
        if isinstance(changed, Response):
            return changed
        answer = Response(status_code=204)
        self._set_cookie(request.scope, answer, self._access.sessions.begin(changed), int(LONGEST_SECONDS))
        return answer

    def _set_cookie(self, scope: Scope, answer: Response, key: str, age: int) -> None:
        path, proxied = urlsplit(self._access.root_path).path or "/", Headers(scope=scope).get("x-forwarded-proto", "")
        secure = scope["scheme"] == "https" or proxied.startswith("https") or self._access.root_path.startswith("https:")
        answer.set_cookie(self._access.cookie, key, max_age=age, path=path, secure=secure, httponly=True, samesite="lax")

    async def _token(self, token: str, address: str) -> User | Response:
        """The user of a token, or a refusal. Wrong ones are counted as wrong passwords are."""
        if user := self._by_token(token):
            return user
        if wait := self._access.limits.login(address, None):
            return too_many(wait, Headers())
        await asyncio.sleep(passwords.SLOW_SECONDS)
        return refusal(401, "login", LOGGED_OUT, Headers())

    def _by_token(self, token: str) -> User | None:
        try:
            return self._access.users.by_token(token)
        except UsersError:
            log.exception("no token can be checked")
            return None

    def _stranger(self, scope: Scope, headers: Headers, address: str) -> Response:
        """What somebody without a session is answered: browsers are led to the login page."""
        if wait := self._access.limits.stranger(address):
            return too_many(wait, headers)
        browses = scope["method"] in ("GET", "HEAD") and "text/html" in headers.get("accept", "")
        if browses or self._path(scope) == "/":
            up = self._access.root_path.rstrip("/") + "/" if self._access.root_path else "../" * (self._path(scope).count("/") - 1)
            query = scope.get("query_string", b"").decode("latin-1")
            return RedirectResponse(f"{up}login" + (f"?{query}" if query and self._path(scope) == "/" else ""), 303)
        return refusal(401, "login", LOGGED_OUT, headers)

    @staticmethod
    def _path(scope: Scope) -> str:
        """The path within the studio."""
        path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
        return path.removeprefix(root) if root and path.startswith(f"{root}/") else path


async def _serve(page: ASGIApp, scope: Scope, receive: Receive, send: Send, present: Callable[[], User | None]) -> None:
    """Let a user's page answer, until the session is over or the token is not the user's any more: streams end then too."""
    last, stream, over = time.monotonic(), False, False

    async def send_if_present(message: Message) -> None:
        """Send a message; in a stream, now and then look whether the user is still there, and break off if not."""
        nonlocal last, stream, over
        if message["type"] == "http.response.start":
            stream = all(name.lower() != b"content-length" for name, _ in message.get("headers", ()))
        elif stream and time.monotonic() - last > LOOK_AGAIN_SECONDS:
            last, over = time.monotonic(), present() is None
            if over:
                raise OSError("the session has ended")         # as if the browser had closed the connection
        await send(message)

    try:
        await page(scope, receive, send_if_present)
    except Exception:
        if not over:
            raise
        await send({"type": "http.response.body", "body": b"", "more_body": False})
