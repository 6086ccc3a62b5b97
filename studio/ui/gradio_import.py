"""Makes `import gradio` take a third of its time: without stub files, pandas and agents; and opens no second server on a Space."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from studio.import_changes import Change, ChangingFinder

MODULE = "gradio.component_meta"
WRITER = "create_or_modify_pyi"
TABLES = "gradio.caching"
PANDAS = "pandas"
SERVER = "gradio.mcp"
AGENTS = "mcp"
HTTP = "gradio.http_server"
WATCH = "watchfn_spaces"


@contextmanager
def _without_stubs(module: ModuleType) -> Iterator[None]:
    """Take the function away that writes the stub files. Where Gradio has no such function, nothing changes."""
    yield
    if hasattr(module, WRITER):
        setattr(module, WRITER, lambda *_: None)


class _LatePandas(ModuleType):
    """Stands for pandas in a module that imports it, and imports it when something of it is used."""

    def __getattr__(self, name: str) -> object:
        """Something of pandas."""
        if sys.modules.get(PANDAS) is self:                     # it is used while the module is still being read
            del sys.modules[PANDAS]
        return getattr(importlib.import_module(PANDAS), name)


@contextmanager
def _without_pandas(_: ModuleType) -> Iterator[None]:
    """Let the module find our stand-in where it imports pandas. Only that module: it is gone when the module is read."""
    if PANDAS in sys.modules:
        yield
        return
    stand_in = sys.modules[PANDAS] = _LatePandas(PANDAS)
    try:
        yield
    finally:
        if sys.modules.get(PANDAS) is stand_in:
            del sys.modules[PANDAS]


@contextmanager
def _without_agents(_: ModuleType) -> Iterator[None]:
    """Let the module find no package `mcp`, which it can do without. Only that module: others find it."""
    if AGENTS in sys.modules:
        yield
        return
    sys.modules[AGENTS] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[AGENTS]


@contextmanager
def _without_reloading(module: ModuleType) -> Iterator[None]:
    """On a Space, let no second server change the program's code while it runs: wait for the end instead."""
    yield
    if hasattr(module, WATCH):
        setattr(module, WATCH, lambda reloader: reloader.stop_event.wait())


CHANGES: dict[str, Change] = {
    MODULE: _without_stubs, TABLES: _without_pandas, SERVER: _without_agents, HTTP: _without_reloading,
}  # fmt: skip


def lighten() -> None:
    """Let the next `import gradio` of this process do less. Where Gradio is imported already, this does nothing.

    For every component Gradio parses its own source and rewrites a `.pyi` file beside it. Only editors read those files; it takes
    two of the four and a half seconds that the import takes on a processor of 2 GHz, and writes into the installed package.
    Its cache of functions' results asks whether a value is a table of pandas; the studio has no such cache, and importing pandas
    takes a sixth of a second. Its own server for agents, which the studio does not use, would import the package `mcp` where that
    is installed, which takes a second. On a Space it starts a second server, of the package `spaces`, on port 7887 of all
    addresses, which asks for no password, reads this program's files and changes its code: for authors who edit a Space that runs.
    """
    if MODULE not in sys.modules:
        sys.meta_path.insert(0, ChangingFinder(CHANGES))
