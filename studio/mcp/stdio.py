"""The server over this process's standard input and output, so that a program on this machine can start it."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
from mcp.server.stdio import stdio_server

from studio.mcp.files import Incoming
from studio.mcp.server import Tools, make_server
from studio.session import Studio
from studio.ui.api import PageApi
from studio.ui.gallery import find_samples


@contextmanager
def output_alone() -> Iterator[io.TextIOWrapper]:
    """The standard output, for messages alone: what anything else prints goes to the standard error meanwhile."""
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with io.TextIOWrapper(os.fdopen(os.dup(kept), "wb"), encoding="utf-8") as out:
            yield out
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def serve(studio: Studio, out: io.TextIOWrapper, basic: bool = False) -> None:
    """Answer until the standard input ends. `out`: the standard output; see `output_alone`. `basic`: see `make_server`."""
    with tempfile.TemporaryDirectory(prefix="studio-") as folder:
        page = PageApi(studio, find_samples(), Path(folder))
        server = make_server(Tools(page, Incoming(page.uploads, local=True), lambda path, _: str(path)), basic)

        async def run() -> None:
            async with stdio_server(stdout=anyio.wrap_file(out)) as (read, write):
                await server.run(read, write, server.create_initialization_options())

        anyio.run(run)
