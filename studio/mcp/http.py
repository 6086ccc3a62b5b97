"""The server at the page's address, under /mcp: streamable HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from studio.mcp.files import MOST_BYTES, Incoming
from studio.mcp.server import Tools, make_server
from studio.session import Studio
from studio.ui.api import PageApi
from studio.ui.gallery import find_samples

PATH = "/mcp"
LOCAL = ("127.0.0.1", "localhost", "[::1]")


def app_options(studio: Studio, public: bool, host: str, uploads: Path | None = None) -> dict[str, Any]:
    """What `Blocks.launch` is given as `app_kwargs`, so that the page's address serves agents too.

    Args:
        studio: the studio of the page.
        public: several people use it.
        host: the address that the page is served on; "": a proxy leads to it. On this machine alone, requests of other sites' pages
            are refused.
        uploads: the page's folder of uploads, where it stands behind a door that lets its user in; None: Gradio's.
    """
    page = PageApi(studio, find_samples(), uploads or Path(get_upload_folder()), public, remote=uploads is not None)

    def address(_: Path, url: str) -> str:
        request = server.request_context.request
        return f"{str(request.base_url).rstrip('/')}{url}" if request else url

    server = make_server(Tools(page, Incoming(page.uploads, local=False), address))
    local = (host in LOCAL or host == "::1") and not public and uploads is None     # no tunnel, no proxy, no door
    manager = StreamableHTTPSessionManager(
        server, stateless=True, max_request_body_size=MOST_BYTES * 2,
        security_settings=TransportSecuritySettings(
            enable_dns_rebinding_protection=local,
            allowed_hosts=[f"{name}:*" for name in LOCAL], allowed_origins=[f"http://{name}:*" for name in LOCAL],
        ),
    )  # fmt: skip

    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        async with manager.run():
            yield

    return {"routes": [Route(PATH, _Endpoint(manager))], "lifespan": lifespan}


class _Endpoint:
    """The manager as an application of its own: a route gives it all methods."""

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        self.manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.manager.handle_request(scope, receive, send)
