"""Lets Gradio build its web application once. It builds one for every step of making a page, and serves the last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gradio.routes import App


@contextmanager
def leave_apps_out() -> Iterator[None]:
    """While a page is made, build no application for it: `Blocks.launch` does that.

    Three applications of 80 routes each would be built and thrown away, in a tenth of the time until the page is there.
    """
    own = vars(App)["create_app"]
    setattr(App, "create_app", staticmethod(lambda *_, **__: None))  # noqa: B010 - mypy refuses to assign to a method
    try:
        yield
    finally:
        setattr(App, "create_app", own)  # noqa: B010
