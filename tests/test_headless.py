"""The same job without a browser: story in, film out; interrupted and resumed; wrong stories named."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import app
from studio import headless
from studio.evaluation import tiny
from studio.media.clip import probe, read_clip
from studio.session import Session
from tests.engine import folders

STORY = """
name = "Small"
image = "start.png"
size = [64, 32]
seed = 5
[[segment]]
prompt = "the camera pans left"
frames = 12
[[segment]]
prompt = "night falls"
frames = 24
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("models")
    folders.small(root / "small")
    return root


@pytest.fixture()
def story(tmp_path: Path) -> Path:
    tiny.picture(size=96).save(tmp_path / "start.png")
    (tmp_path / "story.toml").write_text(STORY)
    return tmp_path / "story.toml"


def run(models: Path, tmp_path: Path, *arguments: str) -> int:
    return headless.render(app.parse(["render", *arguments]), models, tmp_path / "projects")


def test_story_to_film(models: Path, story: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "film.mp4"
    assert run(models, tmp_path, str(story), "-o", str(out), "--preset", "draft") == 0
    facts = probe(out)
    assert (facts.frames, facts.width, facts.height) == (36, 64, 32)
    told = capfd.readouterr().err
    assert "2 segments, 36 frames, 3.0 seconds" in told
    assert "segment 2 of 2" in told


def test_the_same_story_is_the_same_film_and_another_seed_is_not(models: Path, story: Path, tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert run(models, tmp_path, str(story), "-o", str(tmp_path / f"{name}.mp4"), "--seed", seed) == 0
    a, b, c = (read_clip(tmp_path / f"{name}.mp4") for name in "abc")
    assert (a == b).all()
    assert (a != c).any()


def test_interrupted_and_resumed_is_the_uninterrupted_film(
    models: Path, story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    whole, cut = tmp_path / "whole.mp4", tmp_path / "cut.mp4"
    assert run(models, tmp_path, str(story), "-o", str(whole)) == 0
    capfd.readouterr()
    watch = Session.watch

    def interrupt(self: Session, revision: int, timeout: float | None = None) -> int:
        if self.job and self.job.index == 1 and self.job.section == 1 and self.job.step >= 1:
            self.cancel()
        return watch(self, revision, timeout)

    monkeypatch.setattr(Session, "watch", interrupt)
    assert run(models, tmp_path, str(story), "-o", str(cut)) == headless.STOPPED
    assert not cut.exists()
    monkeypatch.undo()
    told = capfd.readouterr().err
    assert "Go on with: python app.py render --resume" in told
    project = next(line.removeprefix("Project: ") for line in told.splitlines() if line.startswith("Project: "))
    assert run(models, tmp_path, "--resume", project, "-o", str(cut)) == 0
    assert (read_clip(whole) == read_clip(cut)).all()


def test_resuming_a_finished_film_only_exports_it(models: Path, story: Path, tmp_path: Path) -> None:
    assert run(models, tmp_path, str(story), "-o", str(tmp_path / "a.mp4")) == 0
    project = next((tmp_path / "projects").iterdir())
    assert run(models, tmp_path, "--resume", str(project), "-o", str(tmp_path / "b.mp4")) == 0
    assert (read_clip(tmp_path / "a.mp4") == read_clip(tmp_path / "b.mp4")).all()


@pytest.mark.parametrize(
    ("break_it", "arguments", "says"),
    [
        (lambda s: (s.parent / "start.png").unlink(), [], "start.png"),
        (lambda s: s.write_text(s.read_text() + "\nspeed = 3"), [], "unknown key 'speed'"),
        (lambda s: s.unlink(), [], "story.toml"),
        (lambda s: None, ["--preset", "finest"], "finest"),
        (lambda s: None, ["--model", "framepack-f9"], "framepack-f9"),
        (lambda s: None, ["--image", "nowhere.png"], "nowhere.png"),
        (lambda s: None, ["--resume", "nowhere"], "not here"),
    ],
)
def test_what_is_wrong_is_named(
    break_it: object, arguments: list[str], says: str, models: Path, story: Path, tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    break_it(story)  # type: ignore[operator]
    assert run(models, tmp_path, str(story), "-o", str(tmp_path / "film.mp4"), *arguments) == headless.WRONG
    assert says in capfd.readouterr().err
    assert not (tmp_path / "film.mp4").exists()


def test_an_unwritable_output_loses_nothing(
    models: Path, story: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert run(models, tmp_path, str(story), "-o", str(tmp_path / "file" / "film.mp4")) == headless.WRONG
    assert "could not be saved" in capfd.readouterr().err
    project = next((tmp_path / "projects").iterdir())
    assert run(models, tmp_path, "--resume", str(project), "-o", str(tmp_path / "film.mp4")) == 0


def test_no_model_is_named(story: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "none", tmp_path, str(story), "-o", str(tmp_path / "film.mp4")) == headless.WRONG
    assert "no model is installed" in capfd.readouterr().err


def test_headless_runs_in_a_thread_too(models: Path, story: Path, tmp_path: Path) -> None:
    status: list[int] = []
    thread = threading.Thread(target=lambda: status.append(run(models, tmp_path, str(story), "-o", str(tmp_path / "f.mp4"))))
    thread.start()
    thread.join(60)
    assert status == [0]
