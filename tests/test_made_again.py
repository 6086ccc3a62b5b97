"""A film of a real model, exported, opened on an empty shelf and made again there: the same frames, and the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.backbones.registry import begins_from_words
from studio.catalogue.cards import ModelCard
from studio.catalogue.fingerprint import fingerprint
from studio.engine import take_folder
from studio.engine.engine import Engine
from studio.lab import tiny
from studio.media.clip import read_clip
from studio.media.export import read_lineage
from studio.memory.snapshot import read_snapshot
from studio.project import edits
from studio.session import Session, Studio
from studio.session.arrivals import NEW, arrive
from tests import folders
from tests.shelves import wait_for_job


@pytest.fixture(scope="module", params=["remembering", "large", "helios"])
def card(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    make: Callable[[Path], ModelCard] = getattr(folders, request.param)
    return make(tmp_path_factory.mktemp("models") / request.param)


def studio(home: Path, card: ModelCard) -> Studio:
    engine = Engine((card,), device="cpu")
    engine.start()
    return Studio(home / "projects", engine, (card,))


def parts(session: Session) -> list[object]:
    """The clips of a film's takes, and all that their snapshots hold, as bytes."""
    found: list[object] = []
    for take in session.project.film():
        folder = session.store.take_folder(take.id)
        held = read_snapshot(folder / take_folder.SNAPSHOT)
        latents = [None if part is None else part.numpy().tobytes() for part in (held.start, held.recent, held.psi)]
        found += [take.id, (folder / take_folder.CLIP).read_bytes(), held.sections, held.model, latents]
    return found


@pytest.mark.timeout(300)
def test_the_same_frames_and_the_same_memory(card: ModelCard, tmp_path: Path) -> None:
    here = studio(tmp_path / "here", card)
    session = here.create("Long way")
    if begins_from_words(card):
        session.begin_from_words()
    else:
        tiny.picture(size=96).save(tmp_path / "reference.png")
        session.set_reference(tmp_path / "reference.png")
    frames = card.section_frames
    session.edit(edits.edit_segment, 0, prompt="the camera pans left", frames=2 * frames, seed=11)
    session.edit(edits.set_style, "in ink")
    session.edit(edits.add_segment, prompt="night falls", frames=frames, seed=12)
    session.edit(edits.edit_segment, 1, blend=6)
    session.jobs.generate_all()
    assert wait_for_job(session).state == "done", session.job
    film = session.films.export_film()
    record = read_lineage(film)
    assert record and record["weights"] == {card.name: fingerprint(card)}
    found = arrive(studio(tmp_path / "there", card), session.films.sidecar(film))
    assert found and found.take is None and found.session.findings == (NEW,), "the weights have the same fingerprint"
    again = found.session
    again.jobs.resume()
    assert wait_for_job(again).state == "done", again.job
    shown = read_clip(session.films.export_film())
    assert len(shown) == 3 * frames and shown.std() > 1 and (read_clip(again.films.export_film()) == shown).all()
    assert parts(again) == parts(session)
