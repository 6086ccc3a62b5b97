"""Lets Gradio build its web application and a page's configuration once. It builds them for every step, and serves the last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gradio.blocks import Blocks
from gradio.routes import App


@contextmanager
def leave_apps_out() -> Iterator[None]:
    """While a page is made, build no application and no configuration for it: `Blocks.launch` does that.

    Three applications of 80 routes each would be built and thrown away, in a tenth of the time until the page is there.
    """
    own = vars(App)["create_app"], vars(Blocks)["get_config_file"]
    setattr(App, "create_app", staticmethod(lambda *_, **__: None))  # noqa: B010 - mypy refuses to assign to a method
    setattr(Blocks, "get_config_file", lambda *_: {})  # noqa: B010
    try:
        yield
    finally:
        setattr(App, "create_app", own[0])  # noqa: B010
        setattr(Blocks, "get_config_file", own[1])  # noqa: B010
