"""Gradio is imported without the stub files that it writes beside its own source."""

from __future__ import annotations

import importlib
import sys

import pytest

from studio.ui import gradio_import, page


def test_gradio_writes_no_stub_files() -> None:
    writer = importlib.import_module(gradio_import.MODULE)
    assert page.gr.Image and hasattr(writer, gradio_import.WRITER)
    writer.create_or_modify_pyi(int, "int", [])       # Gradio's own looks for the class's file, and int has none


def test_other_modules_are_left_to_others_and_it_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    finders = list(sys.meta_path)
    gradio_import.skip_stubs()                        # Gradio is here already
    assert sys.meta_path == finders
    monkeypatch.delitem(sys.modules, gradio_import.MODULE)
    monkeypatch.setattr(sys, "meta_path", finders.copy())
    gradio_import.skip_stubs()
    finder = sys.meta_path[0]
    assert type(finder) is gradio_import._Finder and finder.find_spec("json") is None
