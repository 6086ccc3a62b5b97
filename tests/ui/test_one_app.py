"""A page's web application is built once, when it is served."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import gradio as gr
import pytest
from gradio.routes import App

from studio.ui.one_app import leave_apps_out


def test_the_application_is_built_by_launch_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[object] = []
    own = App.create_app

    def create_app(*arguments: object, **options: object) -> object:
        built.append(arguments[0])
        return own(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(App, "create_app", staticmethod(create_app))
    with leave_apps_out():
        with gr.Blocks() as page:
            gr.HTML("a page")
        page.queue(max_size=3)
    assert not built and page.config == {}
    page.launch(prevent_thread_lock=True, quiet=True)
    try:
        assert built == [page] and page.config["components"] and page._queue.max_size == 3
        with urllib.request.urlopen(page.local_url) as answer:
            assert b"a page" in answer.read()
    finally:
        page.close()


def test_gradio_builds_applications_again_after_a_page_that_failed() -> None:
    own = App.create_app, gr.Blocks.get_config_file
    with pytest.raises(FileNotFoundError), leave_apps_out():
        Path("/nowhere").read_text()
    assert (App.create_app, gr.Blocks.get_config_file) == own
