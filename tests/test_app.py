"""The entry point: what it offers, and what it says when it cannot start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import app

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """The studio sets variables of its process when it opens; the next test does not see them."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def test_the_studio_is_the_default() -> None:
    options = app.parse([])
    assert options.run is app.open_studio
    assert (options.host, options.port, options.no_browser, options.share) == ("127.0.0.1", None, False, False)
    options = app.parse(["--host", "127.0.0.2", "--port", "7001", "--no-browser"])
    assert (options.host, options.port, options.no_browser) == ("127.0.0.2", 7001, True)


def test_render_takes_what_the_readme_says() -> None:
    options = app.parse(["render", "s.toml", "-o", "f.mp4", "--image", "i.png", "--preset", "draft", "--model", "m", "--seed", "3"])
    assert options.run is app.render_story
    assert (options.story, options.output, options.image) == (Path("s.toml"), Path("f.mp4"), Path("i.png"))
    assert (options.preset, options.model, options.seed, options.resume) == ("draft", "m", 3, None)


def test_the_host_may_be_named_as_for_other_programs_of_gradio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SERVER_NAME", " 127.0.0.3 ")
    assert app.parse([]).host == "127.0.0.3" and app.parse(["--host", "127.0.0.2"]).host == "127.0.0.2"
    monkeypatch.setenv("GRADIO_SERVER_NAME", "")
    assert app.parse([]).host == "127.0.0.1"


def test_an_error_that_nobody_expected_is_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(app, "home", lambda: 1 / 0)
    for command in ([], ["doctor"], ["render", "story.toml"], ["import", "film.zip"]):
        assert app.main(command) == 1
        told = capsys.readouterr().err
        assert "ZeroDivisionError" in told and "The details are in" in told and "Traceback" not in told, command


def test_unknown_options_end_with_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        app.parse(["--colour", "7000"])
    assert "usage: app.py" in capsys.readouterr().err


def test_importing_it_imports_neither_torch_nor_gradio() -> None:
    code = "import sys, app; sys.exit(bool({'torch', 'gradio'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


def test_a_port_in_use_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "projects"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert app.open_studio(app.parse(["--no-browser", "--port", str(port)])) == 1
    assert f"port {port}" in capsys.readouterr().err


def test_an_unwritable_home_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "file" / "projects"))
    assert app.open_studio(app.parse(["--no-browser"])) == 1
    told = capsys.readouterr().err
    assert "projects cannot be kept" in told.lower()
    assert "STUDIO_HOME" in told


@pytest.mark.parametrize(("space", "arguments", "swept"), [
    ("", ["--no-browser"], False), ("", ["--no-browser", "--share"], True), ("someone/studio", [], True),
])  # fmt: skip
def test_a_public_studio_is_swept_and_a_private_one_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, space: str, arguments: list[str], swept: bool
) -> None:
    from studio import session
    from studio.engine.engine import Engine
    from studio.ui import page

    class Page:
        def launch(self, **options: object) -> None: ...

        def block_thread(self) -> None: ...

    def build(studio: session.Studio, public: bool) -> Page:
        shared.append(public)
        return Page()

    shared: list[bool] = []
    sweeps: list[session.Studio] = []
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "projects"))
    monkeypatch.setenv("SPACE_ID", space) if space else monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.setattr(Engine, "start", lambda self, calm: None)
    monkeypatch.setattr(page, "build", build)
    monkeypatch.setattr(session, "start_sweeper", sweeps.append)
    assert app.open_studio(app.parse(arguments)) == 0
    assert shared == [swept] and len(sweeps) == swept
