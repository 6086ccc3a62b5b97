"""LoRA files as they come: any name is shown and kept, and one that cannot be rendered with is refused when it is put on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch

from studio.catalogue.loras.contents import checksum
from studio.media import MediaError
from studio.project.edits import EditError
from studio.project.lora_edits import shown_name
from studio.project.story import StoryError
from studio.session import Session, Studio
from tests.catalogue.loras.files import randn, written
from tests.fake_engine import FakeEngine
from tests.lora_shelves import lora, model
from tests.shelves import make_film, picture, render_all

LAYER = "transformer_blocks.0.attn.to_q"


@pytest.fixture()
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "projects", FakeEngine(), (model(tmp_path),))


@pytest.fixture()
def session(studio: Studio) -> Session:
    return make_film(studio, "dawn")


NAMES = {
    "a" * 200 + ".safetensors": "a" * 107 + "….safetensors", "ink" * 80: "ink" * 39 + "in…", ".safetensors": "LoRA.safetensors",
    "हिन्दी " * 30 + ".safetensors": None, "e\u0301" * 119 + ".safetensors": None, "👩‍👩‍👧‍👦" * 130 + ".safetensors": None,
    "a\ud800b.safetensors": "a\ufffdb.safetensors", " two\n lines\t.safetensors ": "two lines.safetensors",
}


@pytest.mark.parametrize("name", NAMES, ids=["long", "no ending", "no stem", "Hindi", "accents", "family", "surrogate", "lines"])
def test_a_long_or_odd_name_is_shortened_for_show_and_the_file_kept_for_use(
    studio: Studio, session: Session, tmp_path: Path, name: str
) -> None:
    session.add_lora(0, lora(tmp_path), name)
    worn, = session.project.current().segments[0].loras
    assert worn.name == (NAMES[name] or worn.name) and worn.name.encode() and len(worn.name) > 3
    assert shown_name(worn.name) == worn.name, "it stays as it is"
    render_all(session)
    session.store.close()
    again = Studio(studio.home, FakeEngine(), studio.models).open(session.id)
    assert again.project.film()[0].segment.loras == (worn,) and again.shelved_loras()[0].name == worn.name


def test_a_file_whose_name_is_no_text_is_put_on(session: Session, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xe4ther\xff.safetensors")
    try:
        shutil.copyfile(lora(tmp_path), path)
    except OSError:
        pytest.skip("this disk takes no such names")
    session.add_lora(0, path)
    worn, = session.project.current().segments[0].loras
    assert worn.name == "\ufffdther\ufffd.safetensors" and worn.sha256 == checksum(path)


def broken(folder: Path, how: str) -> Path:
    """A LoRA that every look at its header takes for a good one, or nearly."""
    down, up = randn(2, 20), randn(20, 2)
    if how in ("nan", "inf"):
        up[3, 1] = float(how)
    path = written(folder / "ink.safetensors", {f"{LAYER}.lora_A.weight": down, f"{LAYER}.lora_B.weight": up})
    if how == "trailing":
        path.write_bytes(path.read_bytes() + b"\0\0")
    return path


BROKEN = {"nan": "not numbers", "inf": "not numbers", "trailing": "2 bytes follow"}


@pytest.mark.parametrize("how", BROKEN)
def test_an_unusable_file_is_refused_when_it_is_put_on(studio: Studio, session: Session, tmp_path: Path, how: str) -> None:
    before = session.project
    with pytest.raises(MediaError, match=f"^ink.safetensors (holds|is damaged).*{BROKEN[how]}"):
        session.add_lora(0, broken(tmp_path, how))
    assert session.project == before and not studio.loras.folder.exists()


@pytest.mark.parametrize("how", BROKEN)
def test_one_on_the_shelf_of_an_older_studio_too(studio: Studio, session: Session, tmp_path: Path, how: str) -> None:
    path = broken(tmp_path, how)
    content = checksum(path)
    studio.loras.folder.mkdir()
    shutil.copyfile(path, studio.loras.path(content))
    with pytest.raises(EditError, match=BROKEN[how]):
        session.use_lora(0, content)
    assert not session.project.current().segments[0].loras


@pytest.mark.parametrize("how", BROKEN)
def test_a_story_with_one_leaves_no_project(studio: Studio, tmp_path: Path, how: str) -> None:
    picture(tmp_path)
    broken(tmp_path, how)
    (tmp_path / "story.toml").write_text('image = "teal.png"\n[[segment]]\nloras = [{file = "ink.safetensors"}]\n')
    with pytest.raises(StoryError, match=rf"segment 1: 'loras': ink\.safetensors .*{BROKEN[how]}"):
        studio.from_story(tmp_path / "story.toml")
    assert studio.list() == () and not studio.home.exists()


def test_a_file_of_many_megabytes_of_notes_is_put_on(session: Session, tmp_path: Path) -> None:
    tensors = {f"{LAYER}.lora_A.weight": torch.ones(2, 20), f"{LAYER}.lora_B.weight": torch.ones(20, 2)}
    path = written(tmp_path / "ink.safetensors", tensors, captions="a cat, " * 1_500_000)
    session.add_lora(0, path)
    assert session.shelved_loras()[0].description == "rank 2, 1 layer"
