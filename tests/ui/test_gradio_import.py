"""Gradio is imported without the stub files that it writes beside its own source, and without pandas."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

from studio.import_changes import ChangingFinder
from studio.ui import gradio_import, page


def test_gradio_writes_no_stub_files() -> None:
    writer = importlib.import_module(gradio_import.MODULE)
    assert page.gr.Image and hasattr(writer, gradio_import.WRITER)
    writer.create_or_modify_pyi(int, "int", [])       # Gradio's own looks for the class's file, and int has none


def test_no_second_server_changes_the_code_of_a_space() -> None:
    server, ended = importlib.import_module(gradio_import.HTTP), threading.Event()
    ended.set()
    assert page.gr.Image and getattr(server, gradio_import.WATCH)(SimpleNamespace(stop_event=ended)) is True


def test_other_modules_are_left_to_others_and_it_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    finders = list(sys.meta_path)
    gradio_import.lighten()                        # Gradio is here already
    assert sys.meta_path == finders
    monkeypatch.delitem(sys.modules, gradio_import.MODULE)
    monkeypatch.setattr(sys, "meta_path", finders.copy())
    gradio_import.lighten()
    finder = sys.meta_path[0]
    assert type(finder) is ChangingFinder and finder.find_spec("json") is None


def test_pandas_comes_when_gradio_uses_it_and_the_package_for_agents_not_at_all() -> None:
    program = (
        "import sys, studio.ui; import gradio.caching as caching; assert 'pandas' not in sys.modules;"
        "print(caching.pd.Series([1, 2]).sum(), 'pandas' in sys.modules);"
        "import studio.ui.page, app; print('mcp' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["3", "True", "False"], done.stderr


def test_a_module_that_uses_it_while_it_is_read_gets_the_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradio_import, "PANDAS", "colorsys")          # a module that may be imported twice
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with gradio_import._without_pandas(sys):
        import colorsys

        assert isinstance(colorsys, gradio_import._LatePandas)
        assert colorsys.rgb_to_hsv(1, 1, 1) == (0, 0, 1)
    assert sys.modules["colorsys"].__file__ and not isinstance(sys.modules["colorsys"], gradio_import._LatePandas)
