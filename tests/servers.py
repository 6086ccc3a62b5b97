"""Processes of modules that are loaded already: a server loads a module once, and a process that it forks is there at once."""

from __future__ import annotations

import multiprocessing
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

_LOADED: list[str] = []


def processes(module: str) -> ForkServerContext:
    """Makes processes in which a module is loaded already; those that were made before have ended.

    Python has one such server at a time, and it keeps what it loaded first: for another module it is started anew. Otherwise each
    process would load its module itself.
    """
    context = multiprocessing.get_context("forkserver")
    if [module] != _LOADED:
        forkserver._forkserver._stop()                          # type: ignore[attr-defined]
        _LOADED[:] = [module]
    context.set_forkserver_preload([module])
    return context
