"""LoRAs in a session: onto the shelf once, onto segments, into requests and takes; wrong and missing files are told."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest
import torch

from studio.media import MediaError
from studio.media.export import read_lineage
from studio.project import edits
from studio.project.edits import EditError
from studio.project.story import StoryError
from studio.session import Session, Studio
from studio.session.loras import UNUSED_SECONDS
from tests.catalogue.loras.files import written
from tests.fake_engine import FakeEngine
from tests.lora_shelves import lora, model
from tests.shelves import make_film, picture, render_all, wait_for_job


@pytest.fixture()
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture()
def studio(tmp_path: Path, engine: FakeEngine) -> Studio:
    return Studio(tmp_path / "projects", engine, (model(tmp_path), model(tmp_path, "wide", 20)))


@pytest.fixture()
def session(studio: Studio) -> Session:
    return make_film(studio, "dawn", "noon")


def test_a_file_is_kept_once_and_goes_on_segments(studio: Studio, session: Session, tmp_path: Path) -> None:
    session.add_lora(0, lora(tmp_path), strength=0.8)
    session.add_lora(1, lora(tmp_path, "same.safetensors"), "Ink by me")
    first, second = (segment.loras[0] for segment in session.project.current().segments)
    assert first.sha256 == second.sha256 and (first.name, second.name, first.strength) == ("ink.safetensors", "Ink by me", 0.8)
    assert sorted(path.suffix for path in studio.loras.folder.iterdir()) == [".json", ".safetensors"]
    shelved, = session.shelved_loras()
    assert (shelved.name, shelved.fits, shelved.description) == ("Ink by me", True, "rank 2, 1 layer")
    session.edit(edits.set_lora_strength, 0, first.sha256, -1.5)
    session.edit(edits.drop_lora, 1, first.sha256)
    assert [lora.strength for lora in session.project.current().segments[0].loras] == [-1.5]
    session.undo()
    session.undo()
    assert session.project.current().segments[0].loras == (first,)
    session.use_lora(1, shelved.sha256)
    assert session.project.current().segments[1].loras[0].strength == 1.0
    assert session.loras.has(first.sha256) and not studio.list()[0].name.startswith("loras"), "the shelf is no project"


def test_typing_at_a_strength_is_one_step(session: Session, tmp_path: Path) -> None:
    session.add_lora(0, lora(tmp_path))
    content = session.project.current().segments[0].loras[0].sha256
    for strength in (0.9, 0.85, 0.8):
        session.edit_in_stroke("s1", edits.set_lora_strength, 0, content, strength)
    session.undo()
    assert session.project.current().segments[0].loras[0].strength == 1.0
    for verb in (
        lambda: session.edit(edits.set_lora_strength, 1, content, 1.0),
        lambda: session.edit(edits.set_lora_strength, 9, content, 1.0), lambda: session.edit(edits.drop_lora, 1, content),
    ):  # fmt: skip
        with pytest.raises(EditError):
            verb()


def test_the_engine_is_asked_for_them_and_the_take_remembers(
    studio: Studio, session: Session, engine: FakeEngine, tmp_path: Path
) -> None:
    session.add_lora(0, lora(tmp_path), strength=0.8)
    render_all(session)
    first, second = engine.requests
    (asked,), none = first.loras, second.loras
    assert (asked.name, asked.strength, none) == ("ink.safetensors", 0.8, ())
    assert asked.path == studio.loras.path(asked.sha256) and asked.path.is_file()
    take = session.project.film()[0]
    noted = json.loads((session.folder / "takes" / take.id / "take.json").read_text())["take"]["segment"]["loras"]
    assert noted == [{"name": "ink.safetensors", "sha256": asked.sha256, "strength": 0.8}]
    told = read_lineage(session.films.export_film())
    assert told and told["takes"][0]["loras"] == noted and "loras" not in told["takes"][1]
    session.edit(edits.drop_lora, 0, asked.sha256)
    assert edits.stale_takes(session.project) == {take.id for take in session.project.film()}, "and what comes after it"


def test_a_wrong_file_says_what_it_is_and_changes_nothing(session: Session, studio: Studio, tmp_path: Path) -> None:
    before = session.project
    with pytest.raises(MediaError, match=r"teal\.png is not a safetensors file\. It looks like a picture"):
        session.add_lora(0, picture(tmp_path))
    wide = lora(tmp_path, "wide.safetensors", width=40)
    with pytest.raises(MediaError, match=r"does not fit Tiny: transformer_blocks.0.attn.to_q is 20 to 20 wide there, and 40 to 40"):
        session.add_lora(0, wide)
    with pytest.raises(EditError, match="strength"):
        session.add_lora(0, lora(tmp_path), strength=9)
    with pytest.raises(EditError, match="not in the studio any more"):
        session.use_lora(0, "../../../etc/passwd")
    assert session.project == before and not studio.loras.folder.exists()


def test_a_missing_file_is_named_before_anything_is_rendered(session: Session, studio: Studio, tmp_path: Path) -> None:
    session.add_lora(0, lora(tmp_path))
    worn = session.project.current().segments[0].loras[0]
    shutil.rmtree(studio.loras.folder)
    assert not session.loras.has(worn.sha256)
    with pytest.raises(EditError, match=r"The LoRA ink\.safetensors is not in this studio .*Add the file again, or take it off"):
        session.jobs.generate_all()
    session.edit(edits.set_lora_strength, 0, worn.sha256, 0.0)
    session.jobs.generate_next()
    assert wait_for_job(session).state == "done", "none of it is asked for"
    session.edit(edits.set_lora_strength, 0, worn.sha256, 0.5)
    session.add_lora(0, lora(tmp_path))
    assert [one.strength for one in session.project.current().segments[0].loras] == [0.5] and session.loras.has(worn.sha256)


def test_one_that_goes_missing_while_a_job_waits_fails_it_with_a_sentence(
    session: Session, studio: Studio, engine: FakeEngine, tmp_path: Path
) -> None:
    session.add_lora(1, lora(tmp_path))
    engine.step_seconds = 0.02
    session.jobs.generate_all()
    shutil.rmtree(studio.loras.folder)
    job = wait_for_job(session)
    assert job.state == "failed" and "ink.safetensors is not in this studio" in job.message and len(session.project.film()) == 1


def test_another_model_says_that_it_does_not_fit(session: Session, tmp_path: Path) -> None:
    session.add_lora(0, lora(tmp_path))
    session.set_model("wide")
    shelved, = session.shelved_loras()
    assert not shelved.fits and "does not fit Wide" in shelved.description
    with pytest.raises(EditError, match=r"does not fit Wide.*Take it off the segment, or choose the model"):
        session.jobs.generate_next()
    session.set_model("tiny")
    session.jobs.generate_next()
    assert wait_for_job(session).state == "done"


def test_a_shared_studio_limits_sizes_shows_each_its_own_and_sweeps(tmp_path: Path) -> None:
    shared = Studio(tmp_path / "projects", FakeEngine(), (model(tmp_path),), shared=True)
    mine, theirs = make_film(shared, "dawn"), make_film(shared, "dusk")
    mine.add_lora(0, lora(tmp_path))
    theirs.add_lora(0, lora(tmp_path, "clay.safetensors", seed=9))
    assert [shelved.name for shelved in mine.shelved_loras(own=True)] == ["ink.safetensors"] and len(mine.shelved_loras()) == 2
    shared.loras.max_bytes = 1000
    large = written(tmp_path / "large.safetensors", {
        "transformer.transformer_blocks.0.attn.to_q.lora_A.weight": torch.zeros(20, 20),
        "transformer.transformer_blocks.0.attn.to_q.lora_B.weight": torch.zeros(20, 20),
    })
    with pytest.raises(MediaError, match=r"large\.safetensors has 0 MB, and this shared studio takes LoRAs of up to 0 MB"):
        mine.add_lora(0, large)
    shared.loras.max_bytes = 20
    with pytest.raises(MediaError, match="takes LoRAs of up to"):
        mine.add_lora(0, lora(tmp_path, "third.safetensors", seed=5))
    shared.loras.max_bytes = 600
    extra = [lora(tmp_path, f"{k}.safetensors", seed=20 + k) for k in range(60)]
    with pytest.raises(MediaError, match="no room for another LoRA today"):
        for path in extra:
            shared.loras.add(path, shared.models[0])
    for path in shared.loras.folder.iterdir():
        os.utime(path, (0, time.time() - UNUSED_SECONDS - 10))
    shared.sweep()
    kept = {path.stem for path in shared.loras.folder.glob("*.safetensors")}
    assert kept == {session.project.current().segments[0].loras[0].sha256 for session in (mine, theirs)}


def test_a_studio_of_ones_own_keeps_everything(studio: Studio, session: Session, tmp_path: Path) -> None:
    shelved, _ = studio.loras.add(lora(tmp_path), studio.models[0])
    half = studio.loras.folder / ".ink-0123abcd.part.safetensors"
    half.write_bytes(b"half")
    for path in studio.loras.folder.iterdir():
        os.utime(path, (0, 0))
    studio.sweep()
    assert session.loras.has(shelved.sha256) and half.exists()
    studio.loras.add(lora(tmp_path, "other.safetensors", seed=3), studio.models[0])
    assert session.loras.has(shelved.sha256) and not half.exists(), "a killed studio had not finished it"


def story(folder: Path, loras: str) -> Path:
    picture(folder)
    path = folder / "story.toml"
    path.write_text(f'image = "teal.png"\n[[segment]]\nprompt = "a"\n[[segment]]\nloras = {loras}\n', "utf-8")
    return path


def test_a_story_puts_them_on(studio: Studio, tmp_path: Path) -> None:
    lora(tmp_path)
    session = studio.from_story(story(tmp_path, '[{file = "ink.safetensors", strength = 0.4}]'))
    first, second = session.project.current().segments
    assert first.loras == () and [(one.name, one.strength) for one in second.loras] == [("ink.safetensors", 0.4)]
    render_all(session)


def test_a_wrong_lora_in_a_story_leaves_nothing_on_the_shelf(studio: Studio, tmp_path: Path) -> None:
    lora(tmp_path, width=40)
    path = story(tmp_path, '[{file = "ink.safetensors"}]')
    with pytest.raises(StoryError, match=r"segment 2: 'loras': ink\.safetensors does not fit Tiny"):
        studio.from_story(path)
    assert studio.list() == () and not studio.loras.folder.exists()
    session = studio.from_story(path, "wide")
    assert session.project.model == "wide" and session.project.current().segments[1].loras
    with pytest.raises(EditError, match="'none' is not installed"):
        studio.from_story(story(tmp_path, "[]"), "none")
