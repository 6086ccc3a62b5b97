"""Pages that tests serve."""

from __future__ import annotations

from typing import Any


def close_page(page: Any) -> None:
    """Stop serving a page (launched blocks of Gradio) at once: Gradio waits five seconds for streams that are still read."""
    page.server.config.timeout_graceful_shutdown = 0
    page.close(verbose=False)
