"""The same job without a browser: story in, film out; interrupted and resumed; wrong stories named."""

from __future__ import annotations

import errno
import itertools
import shutil
import signal
import sys
import threading
from pathlib import Path

import pytest

import app
from studio.commands import render as headless
from studio.engine.engine import Engine
from studio.lab import tiny
from studio.media.clip import probe, read_clip
from studio.session import Session
from tests import folders
from tests.clips import alike
from tests.fake_engine import LIGHTER, FakeEngine
from tests.faults import children
from tests.shelves import make_film, make_studio

pytestmark = pytest.mark.slow

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


def write_story(folder: Path) -> Path:
    tiny.picture(size=96).save(folder / "start.png")
    (folder / "story.toml").write_text(STORY)
    return folder / "story.toml"


@pytest.fixture()
def story(tmp_path: Path) -> Path:
    return write_story(tmp_path)


@pytest.fixture(scope="module")
def whole(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The story's film, which nothing has disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    assert run(models, folder, str(write_story(folder)), "-o", str(folder / "whole.mp4")) == 0
    return folder / "whole.mp4"


def run(models: Path, tmp_path: Path, *arguments: str) -> int:
    return headless.render(app.parse(["render", *arguments]), models, tmp_path / "projects")


def test_a_story_without_a_picture(
    models: Path, story: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    story.write_text(STORY.replace('image = "start.png"\n', "").replace("frames = 24", "frames = 9"))
    out = tmp_path / "film.mp4"
    assert run(models, tmp_path, str(story), "-o", str(out)) == 1
    assert "there is no 'image', and Small begins films with a picture" in capfd.readouterr().err and not out.exists()
    folders.helios(tmp_path / "models" / "helios", distilled=True)
    monkeypatch.setattr(headless, "choose_engine", lambda cards, problems, _: Engine(cards, problems, device="cpu"))
    assert run(tmp_path / "models", tmp_path, str(story), "-o", str(out)) == 0
    assert probe(out).frames == 18


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
    models: Path, whole: Path, story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut.mp4"
    watch = Session.watch

    def interrupt(self: Session, revision: int, timeout: float | None = None) -> int:
        if self.job and self.job.index == 1 and self.job.section == 1 and self.job.step >= 1:
            self.jobs.cancel()
        return watch(self, revision, timeout)

    monkeypatch.setattr(Session, "watch", interrupt)
    assert run(models, tmp_path, str(story), "-o", str(cut)) == headless.STOPPED
    assert not cut.exists()
    monkeypatch.undo()
    told = capfd.readouterr().err
    assert "Go on with: python app.py render --resume" in told
    project = next(line.removeprefix("Project: ") for line in told.splitlines() if line.startswith("Project: "))
    assert run(models, tmp_path, "--resume", project, "-o", str(cut)) == 0
    assert alike(whole, cut)


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("moment", ["between clip and snapshot", "between film and note"])
def test_killed_and_resumed_is_the_film_of_an_undisturbed_studio(
    models: Path, whole: Path, story: Path, tmp_path: Path, moment: str
) -> None:
    cut, home = tmp_path / "cut.mp4", tmp_path / "killed"
    process = children.processes().Process(target=children.render_until, args=(moment, models, story, cut, home))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL, cut.with_suffix(".log").read_text()
    assert not cut.exists()
    (project,) = home.iterdir()
    assert run(models, tmp_path, "--resume", str(project), "-o", str(cut)) == 0
    assert alike(cut, whole)
    kept = [sorted(p.name for p in take.iterdir()) for take in (project / "takes").iterdir()]
    assert kept == [["clip.mp4", "poster.webp", "snapshot.safetensors", "take.json"]] * 2


def test_resuming_a_finished_film_only_exports_it(models: Path, story: Path, tmp_path: Path) -> None:
    assert run(models, tmp_path, str(story), "-o", str(tmp_path / "a.mp4")) == 0
    project = next((tmp_path / "projects").iterdir())
    assert run(models, tmp_path, "--resume", str(project), "-o", str(tmp_path / "b.mp4")) == 0
    assert alike(tmp_path / "a.mp4", tmp_path / "b.mp4")


@pytest.mark.parametrize(
    ("break_it", "arguments", "says"),
    [
        (lambda s: (s.parent / "start.png").unlink(), [], "start.png"),
        (lambda s: s.write_text(s.read_text() + "\nspeed = 3"), [], "unknown key 'speed'"),
        (lambda s: s.unlink(), [], "story.toml"),
        (lambda s: None, ["--preset", "finest"], "finest"),
        (lambda s: None, ["--model", "framepack-f9"], "framepack-f9"),
        (lambda s: None, ["--image", "nowhere.png"], "nowhere.png"),
        (lambda s: s.write_text(s.read_text().replace("[64, 32]", "[640, 360]")), [], "Small makes films of 64×32, 32×64 pixels"),
        (lambda s: s.write_text(s.read_text() + 'loras = [{file = "start.png"}]'), [], "start.png is not a safetensors file"),
        (lambda s: None, ["--resume", "nowhere"], "not both"),
        (lambda s: None, ["-o", "film.gif"], "name it film.mp4, not film.gif"),
        (lambda s: None, ["-o", "."], "is a folder"),
    ],
)
def test_what_is_wrong_is_named(
    break_it: object, arguments: list[str], says: str, models: Path, story: Path, tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    break_it(story)  # type: ignore[operator]
    assert run(models, tmp_path, str(story), "-o", str(tmp_path / "film.mp4"), *arguments) == headless.WRONG
    assert says in capfd.readouterr().err
    assert not (tmp_path / "film.mp4").exists() and not (tmp_path / "projects").exists()


def test_nothing_to_render_is_named(models: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for arguments, says in (([], "Name a story file"), (["--resume", "nowhere"], "not here")):
        assert run(models, tmp_path, "-o", str(tmp_path / "film.mp4"), *arguments) == headless.WRONG
        assert says in capfd.readouterr().err


def test_a_place_that_refuses_the_film_is_told_before_anything_is_rendered(
    models: Path, story: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert run(models, tmp_path, str(story), "-o", str(tmp_path / "file" / "film.mp4")) == headless.WRONG
    assert "could not be saved" in capfd.readouterr().err
    assert not (tmp_path / "projects").exists()


def test_a_disk_full_at_the_end_loses_nothing(
    models: Path, story: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("studio.commands.render.shutil.copyfile", full)
        assert run(models, tmp_path, str(story), "-o", str(tmp_path / "film.mp4")) == headless.WRONG
    assert "film.mp4 could not be saved" in capfd.readouterr().err
    assert not list(tmp_path.glob("*.mp4")) and not list(tmp_path.glob(".*"))
    project = next((tmp_path / "projects").iterdir())
    assert run(models, tmp_path, "--resume", str(project), "-o", str(tmp_path / "film.mp4")) == 0


def test_a_truncated_model_is_named(models: Path, story: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(models, tmp_path / "models")
    weights = tmp_path / "models" / "small" / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    assert run(tmp_path / "models", tmp_path, str(story), "-o", str(tmp_path / "film.mp4")) == headless.WRONG
    told = capfd.readouterr().err
    assert f"{weights} has 100 bytes" in told and "cut short" in told and "--resume" in told


def test_ctrl_c_keeps_what_is_finished(
    models: Path, story: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Session.watch

    def pressed(self: Session, revision: int, timeout: float | None = None) -> int:
        if self.job and self.job.index == 1 and self.job.state == "running":
            signal.raise_signal(signal.SIGINT)
            monkeypatch.undo()
        return watch(self, revision, timeout)

    monkeypatch.setattr(Session, "watch", pressed)
    before = signal.getsignal(signal.SIGINT)
    assert run(models, tmp_path, str(story), "-o", str(tmp_path / "film.mp4")) == headless.STOPPED
    assert "The finished part is kept" in capfd.readouterr().err
    assert signal.getsignal(signal.SIGINT) == before


def test_no_model_is_named(story: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "none", tmp_path, str(story), "-o", str(tmp_path / "film.mp4")) == headless.WRONG
    assert "no model is installed" in capfd.readouterr().err


def test_headless_runs_in_a_thread_too(models: Path, story: Path, tmp_path: Path) -> None:
    status: list[int] = []
    thread = threading.Thread(target=lambda: status.append(run(models, tmp_path, str(story), "-o", str(tmp_path / "f.mp4"))))
    thread.start()
    thread.join(60)
    assert status == [0]


def test_a_card_that_ran_full_is_told_once_beside_the_bar(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    engine = FakeEngine()
    engine.out_of_memory_at = (0, 2)
    session = make_film(make_studio(tmp_path, engine), "a", "b")
    assert headless._generate(session)
    assert capfd.readouterr().err.count(LIGHTER) == 1


def test_a_log_gets_a_line_when_something_changes(
    models: Path, story: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where standard error is no terminal, the bar is not written again and again."""
    assert run(models, tmp_path, str(story), "-o", str(tmp_path / "film.mp4")) == 0
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("segment ")]
    assert lines and "\r" not in "".join(lines)
    assert all(before != after for before, after in itertools.pairwise(lines))
    assert len(lines) < 30 and lines[-1].endswith(": 6 of 6 steps")
