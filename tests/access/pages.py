"""What answers a user's page and programs, without the way there, for tests that send it anything."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gradio as gr
from fastapi.routing import APIRoute

from studio.api.all_calls import AllCalls
from studio.api.endpoints import make_endpoint
from studio.api.functions import Description
from studio.ui.api import PageApi
from tests.access.conftest import House


def page_of(house: House, name: str = "mira") -> PageApi:
    """What answers a user's page, without the way there."""
    studio = house.access.pages.studio(name)
    return PageApi(studio, (), studio.home / ".uploads", remote=True)


def called(page: PageApi, about: Description, named: dict[str, Any]) -> Any:
    """What a function's endpoint answers: its value or first event, or its refusal."""
    endpoint = make_endpoint(AllCalls(page), about)

    async def first() -> Any:
        async for event in endpoint(**named):
            return event
        return None

    try:
        if not about.streams:
            return endpoint(**named)
        with ThreadPoolExecutor(1) as thread:          # Playwright leaves a loop running in the thread of a test that ran before
            return thread.submit(lambda: asyncio.run(asyncio.wait_for(first(), 20))).result()
    except gr.Error as error:
        return error


VALUES: dict[str, Any] = {
    "takes": ["x"], "picture": {"path": "x"}, "file": {"path": "x"}, "sound": {"path": "x"}, "sample": "lighthouse", "name": "x",
    "prompt": "x", "what": "remove", "then": "again", "result": "left", "title": "x", "steps": 8, "guidance": 1.0,
    "video": {"path": "x"}, "frame": [0.0, 0.0, 1.0, 1.0], "marks": {}, "style": "x", "width": 64, "height": 48, "model": "x",
    "on": True, "finding": 0, "to": 0, "text": "x", "at": 0, "cells": [0], "tags": ["x"],
}  # fmt: skip
"""What functions are given, by the names of their arguments, where it does not matter."""


async def routes(house: House) -> list[tuple[str, str]]:
    """All routes of a user's application, with something in place of their parameters."""
    page: Any = await house.access.pages.page("mira")
    found, waiting = [], list(page.routes)
    while waiting:
        route = waiting.pop()
        within = getattr(route, "original_router", None) or getattr(route, "app", None)
        inner = getattr(within, "routes", None)
        if isinstance(route, APIRoute) or not inner:
            for method in getattr(route, "methods", None) or ("GET", "POST", "DELETE"):
                found.append(("/" + "/".join("x" if "{" in part else part for part in route.path.strip("/").split("/")), method))
        else:
            waiting += inner
    return found
