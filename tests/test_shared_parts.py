"""Parts that takes and films share, and folders that somebody removes by hand: other films stay whole, and what is lost is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from studio.engine import take_folder
from studio.media.clip import read_clip
from studio.memory.psi_blocks import name_block
from studio.memory.snapshot import Snapshot, SnapshotError, read_snapshot
from studio.project import edits
from studio.session import Session, StoreError
from tests.shelves import make_film, make_studio, render_all


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A film of two takes. The second one's snapshot names rows of psi that lie beside the first one."""
    session = render_all(make_film(make_studio(tmp_path), "a", "b"))
    psi = torch.arange(24.0).reshape(1, 6, 4)
    blocks = (name_block(psi[:, :4]), name_block(psi[:, 4:]))
    for rows, blocked, take in zip((4, 6), (blocks[:1], blocks), session.project.film(), strict=True):
        path = session.store.take_folder(take.id) / take_folder.SNAPSHOT
        Snapshot(torch.zeros(1, 4, 1, 2, 2), torch.zeros(1, 4, 19, 2, 2), psi[:, :rows], 1, "m", blocked).write(path)
    assert not (path.parent / blocks[0].file).exists(), "stored once"
    return session


def is_whole(film: Session) -> bool:
    """Whether all that a film needs is there: pictures, clips, and memories with their parts."""
    folders = [film.store.take_folder(take.id) for take in film.project.film()]
    memories = [read_snapshot(folder / take_folder.SNAPSHOT) for folder in folders]
    clips = [len(read_clip(folder / take_folder.CLIP)) for folder in folders]
    reference = film.project.reference
    return (len(folders) == 2 and [memory.psi.shape[1] for memory in memories if memory.psi is not None] == [4, 6]
            and clips == [take.frames for take in film.project.film()] and bool(reference)
            and (film.folder / str(reference and reference.file)).is_file() and film.findings == ())


@pytest.mark.parametrize("how", ["duplicate", "sample", "zip"])
def test_a_film_stays_whole_when_the_folder_of_the_one_that_it_was_copied_from_is_removed(
    session: Session, tmp_path: Path, how: str
) -> None:
    home = session.folder.parent
    studio = make_studio(tmp_path)
    session.store.close()
    if how == "duplicate":
        copy = studio.duplicate(session.id)
    else:
        parcel = studio.open(session.id).films.export_project()
        copy = studio.open_packed(parcel) if how == "sample" else studio.unpack(parcel)
        other = studio.open_packed(parcel)
        shutil.rmtree(other.folder)
        shutil.rmtree(home / ".samples")
    shutil.rmtree(home / session.id)
    copy.store.close()
    again = make_studio(tmp_path).open(copy.id)
    assert is_whole(again)
    again.edit(edits.add_segment, prompt="c", frames=4)
    assert len(render_all(again).project.film()) == 3


def test_an_open_film_whose_folder_is_removed_says_so(session: Session, tmp_path: Path) -> None:
    shutil.rmtree(session.folder)
    with pytest.raises(StoreError, match=r"is not there any more\. Put the folder back where it was"):
        session.edit(edits.rename, "Sea")
    assert session.project.name == "A film"


def test_a_take_whose_parts_lay_in_a_folder_that_was_removed_says_so(session: Session, tmp_path: Path) -> None:
    first, second = session.project.film()
    session.store.close()
    shutil.rmtree(session.store.take_folder(first.id))
    opened = make_studio(tmp_path).open(session.id)
    assert opened.store.missing_clips(opened.project) == {first.id}
    with pytest.raises(SnapshotError, match=r"of its memory, psi-.*is missing. Rewind .* the clip itself is not affected"):
        read_snapshot(opened.store.take_folder(second.id) / take_folder.SNAPSHOT)
