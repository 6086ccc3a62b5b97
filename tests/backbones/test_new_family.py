"""A new family of models is one folder and one line: a toy is added to a copy of the studio, and films are made with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from studio.lab import tiny
from studio.media.clip import probe, read_clip
from tests.folders import CARD

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
STORY = """
name = "Toy"
image = "start.png"
[[segment]]
prompt = "the camera pans"
frames = 12
[[segment]]
prompt = "and on"
frames = 24
"""
PROGRAM = """
import sys
from pathlib import Path
import app
for line in ("render story.toml -o film.mp4", "models", "doctor --model toy"):
    assert app.main(line.split()) == 0, line
import torch
from safetensors.torch import load_file
from studio.catalogue.cards import find_models
from studio.engine.engine import Engine
from studio.project import edits
from studio.session import Studio

root = Path(sys.argv[1])
models, problems = find_models(root / "models")
assert not problems, problems
engine = Engine(models)
studio = Studio(root / "projects", engine, models)
engine.start()

def generate():
    session.jobs.generate_all()
    revision = 0
    while session.job.state in ("queued", "running"):
        revision = session.watch(revision, timeout=1)
    assert session.job.state == "done", session.job

session = studio.from_story(root / "story.toml")
generate()
first, second = session.project.film()
session.edit(edits.rewind, first.id)           # to the first boundary, and the second take from there again
# A take that would only repeat another one gets a new seed, so the prompt is changed: the toy does not read it.
session.edit(edits.edit_segment, 1, prompt="and further on")
session.jobs.generate_next()
while session.job.state in ("queued", "running"):
    session.watch(0, timeout=0.2)
again = session.project.film()[-1]
assert again.parent == first.id and again.id != second.id
folders = [session.films.clip(take.id).parent for take in (again, second)]
assert again.segment.seed == second.segment.seed
assert len({(folder / "clip.mp4").read_bytes() for folder in folders}) == 1, "the same snapshot and seed give the same clip"
old, new = (load_file(folder / "snapshot.safetensors") for folder in folders)
assert old.keys() == new.keys() and all(torch.equal(old[name], new[name]) for name in old), "and the same snapshot"
print(session.films.export_film())
"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the studio with the toy's folder, and its one line in the registry."""
    root = tmp_path_factory.mktemp("studio")
    for part in ("studio", "presets"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "lab"))
    shutil.copy(ROOT / "app.py", root)
    shutil.copytree(ROOT / "tests/backbones/toy", root / "studio/backbones/toy", ignore=shutil.ignore_patterns("__pycache__"))
    registry = root / "studio/backbones/registry.py"
    before = registry.read_text("utf-8")
    after = before.replace('    "framepack",\n', '    "framepack",\n    "toy",\n')
    assert len(after.splitlines()) == len(before.splitlines()) + 1
    registry.write_text(after, "utf-8")
    (root / "models" / "toy").mkdir(parents=True)
    card = CARD.format(title="Toy", window=3, frames=12, shift=3.0, kind="toy")
    (root / "models" / "toy" / "model.toml").write_text(card, "utf-8")
    tiny.picture(size=96).save(root / "start.png")
    (root / "story.toml").write_text(STORY, "utf-8")
    return root


def pans(film: Path) -> bool:
    """Whether the film moves by one cell of 8 pixels every four frames."""
    frames = read_clip(film).astype(np.int16)
    error = np.abs(np.roll(frames[:-4], -8, axis=2) - frames[4:])[:, :, 8:-16]
    return bool(error.mean() < 2 and np.abs(frames[0] - frames[len(frames) // 2]).mean() > 3)


def test_all_that_makes_films_knows_it(studio: Path) -> None:
    """The command line, the list of models, the doctor, and a session that rewinds; in one process: importing takes longest."""
    environment = {**os.environ, "PYTHONPATH": str(studio), "STUDIO_HOME": str(studio / "projects")}
    ran = subprocess.run([sys.executable, "-c", PROGRAM, str(studio)], cwd=studio, capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stderr
    assert "Toy (toy), 64 x 32" in ran.stdout, "the doctor's"
    for film in (studio / "film.mp4", Path(ran.stdout.strip().splitlines()[-1])):
        assert probe(film).frames == 36 and pans(film)
