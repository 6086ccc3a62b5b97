"""Takes that are held to a look: on the stage, in films and exports, after a restart; the take itself stays as it was made."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.media.clip import Frame, probe, read_clip, write_clip
from studio.media.export import read_lineage
from studio.media.look import lab_statistics
from studio.project.look_edits import drop_look, set_look
from studio.project.model import FIRST_FRAME, REFERENCE, Shot
from studio.project.shots import set_shot
from studio.project.store import CLIP
from studio.session import MediaError, Session, Studio
from studio.session.held_looks import check_look
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, make_studio, render_all, wait_until

PICTURE = Path(__file__).parents[1] / "assets" / "examples" / "forest" / "forest.jpg"
FOREST = np.asarray(Image.open(PICTURE).convert("RGB").resize((160, 96)))
FRAMES = 8


def drifting(tmp_path: Path, amount: float = 0.25) -> Session:
    """A film of three takes of one picture, which brightens evenly and goes warm."""
    session = render_all(make_film(make_studio(tmp_path), "a", "b", "c", sections=2))
    for number, take in enumerate(session.project.path()):
        frames = [drifted(amount * (number + at / FRAMES)) for at in range(FRAMES)]
        write_clip(session.store.take_folder(take.id) / CLIP, np.stack(frames), 12)
    return session


def drifted(amount: float) -> Frame:
    return (FOREST * (1 - 0.4 * amount) + amount * np.array([90.0, 70.0, 40.0])).clip(0, 255).astype(np.uint8)


def light(frame: Frame) -> float:
    return float(lab_statistics(frame)[0][0])


def shown(session: Session, take: str) -> Path:
    wait_until(session, lambda: not session.held_looks.shown(take).making)
    found = session.held_looks.shown(take)
    assert found.path and not found.problem, found
    return found.path


def test_a_take_is_shown_with_its_look_and_stays_as_it_was_made(tmp_path: Path) -> None:
    session = drifting(tmp_path)
    second, third = (take.id for take in session.project.path()[1:])
    made = hashlib.sha256(session.films.clip(second).read_bytes()).digest()  # type: ignore[union-attr]
    before = session.films.film()
    session.edit(set_look, second, FIRST_FRAME)
    copy = read_clip(shown(session, second))
    raw = read_clip(session.films.clip(second))  # type: ignore[arg-type]
    assert abs(light(copy[-1]) - light(drifted(0))) < 1 < abs(light(raw[-1]) - light(drifted(0))) / 4
    assert float(np.abs(copy[-1].astype(int) - drifted(0)).mean()) < 8
    joined = session.films.film()
    assert joined and before and joined != before and len(read_clip(joined)) == 3 * FRAMES
    assert np.abs(read_clip(joined)[2 * FRAMES - 1].astype(int) - copy[-1]).max() <= 2, "joined as it is shown"
    assert hashlib.sha256(session.films.clip(second).read_bytes()).digest() == made  # type: ignore[union-attr]
    session.edit(drop_look, second)
    assert session.held_looks.shown(second).path is None and session.films.film() == before
    session.undo()
    assert shown(session, second).is_file()
    assert session.held_looks.shown(third).path is None


def test_there_is_no_step_where_takes_meet(tmp_path: Path) -> None:
    session = drifting(tmp_path)
    second = session.project.path()[1].id
    session.edit(set_look, second, FIRST_FRAME, 1, after=True)
    film = read_clip(session.films.film())  # type: ignore[arg-type]
    steps = np.abs(np.diff([light(frame) for frame in film]))
    raw = [light(drifted(0.25 * at / FRAMES)) for at in range(3 * FRAMES)]
    usual = max(abs(raw[0] - raw[-1]) / FRAMES, float(np.abs(np.diff(raw)).max()))
    assert steps[FRAMES - 1] < 1.3 * usual and steps[2 * FRAMES - 1] < 1.3 * usual, "no more than the film moves anyway"
    assert abs(light(film[-1]) - light(film[0])) < 1


def test_the_first_take_has_its_look_from_the_first_frame_on(tmp_path: Path) -> None:
    session = drifting(tmp_path)
    first, _, third = (take.id for take in session.project.path())
    session.edit(set_look, first, third)
    copy = read_clip(shown(session, first))
    whole = session.looks.of(session.project.takes[third]).whole.mean[0]
    assert light(copy[0]) == pytest.approx(whole, abs=1) and light(copy[-1]) == pytest.approx(whole, abs=1)


def test_a_new_shot_has_its_own_first_frame_and_begins_with_its_look(tmp_path: Path) -> None:
    session = make_film(make_studio(tmp_path), "a", "b", "c", sections=2)
    session.edit(set_shot, 1, Shot())
    render_all(session)
    for take, amount in zip(session.project.path(), (0, 0.6, 1), strict=True):
        write_clip(session.store.take_folder(take.id) / CLIP, np.stack([drifted(amount)] * FRAMES), 12)
    first, second, third = (take.id for take in session.project.path())
    session.edit(set_look, third, FIRST_FRAME)
    assert light(read_clip(shown(session, third))[-1]) == pytest.approx(light(drifted(0.6)), abs=1), "of its shot, not of the film"
    session.edit(set_look, second, first)
    assert light(read_clip(shown(session, second))[0]) == pytest.approx(light(drifted(0)), abs=1), "from the cut on"


def test_exports_show_it_and_say_so(tmp_path: Path) -> None:
    session = drifting(tmp_path)
    first, second, third = (take.id for take in session.project.path())
    session.edit(set_look, second, FIRST_FRAME, 0.75)
    session.edit(set_look, third, first)
    record = read_lineage(session.films.export_film())
    assert record and [take.get("look") for take in record["takes"]] == [
        None, {"match": "first frame", "strength": 0.75}, {"match": first, "strength": 1.0}]
    copy = light(read_clip(shown(session, third))[-1])
    mp4 = session.films.export_take(third)
    assert light(read_clip(mp4)[-1]) == pytest.approx(copy, abs=0.5)
    assert (read_lineage(mp4) or {})["takes"][0]["look"]["match"] == first
    assert (read_lineage(session.films.export_take(third, "gif")) or {})["takes"][0]["look"]["match"] == first
    with zipfile.ZipFile(session.films.export_project()) as archive:
        names = archive.namelist()
        assert not [name for name in names if "look-" in name] and any(name.endswith(CLIP) for name in names)


def test_copies_are_found_after_a_restart_and_old_ones_go(tmp_path: Path) -> None:
    session = drifting(tmp_path)
    second = session.project.path()[1].id
    for strength in (0.2, 0.4, 0.6, 0.8):
        session.edit(set_look, second, FIRST_FRAME, strength)
        last = shown(session, second)
    folder = session.store.take_folder(second)
    assert len(list(folder.glob("look-*.mp4"))) == 2
    stamp = last.stat().st_mtime_ns
    session.store.close()
    again = Studio(session.folder.parent, FakeEngine(), (card(),)).open(session.id)
    assert again.project.looks == session.project.looks
    assert shown(again, second) == last and last.stat().st_mtime_ns == stamp, "not made again"
    last.write_bytes(b"cut short")
    (folder / CLIP).touch()
    assert probe(again.held_looks.clip(again.project, again.project.takes[second])).frames == FRAMES, "a damaged copy is made again"


def lose_target(session: Session) -> None:
    (session.store.take_folder(session.project.path()[0].id) / CLIP).unlink()


def lose_take(session: Session) -> None:
    (session.store.take_folder(session.project.path()[1].id) / CLIP).write_bytes(b"no clip")


@pytest.mark.parametrize(("harm", "words"), [(lose_target, "What this look matches cannot be read"), (lose_take, "is not a video")])
def test_missing_clips(tmp_path: Path, harm: Callable[[Session], None], words: str) -> None:
    session = drifting(tmp_path)
    second = session.project.path()[1].id
    harm(session)
    session.edit(set_look, second, FIRST_FRAME)
    wait_until(session, lambda: not session.held_looks.shown(second).making)
    found = session.held_looks.shown(second)
    assert found.path is None and words in found.problem
    with pytest.raises(MediaError, match=words):
        session.films.export_take(second)
    session.edit(drop_look, second)
    assert session.held_looks.shown(second).problem == ""


def test_black_takes_are_not_matched(tmp_path: Path) -> None:
    session = drifting(tmp_path)
    first, second, third = session.project.path()
    write_clip(session.store.take_folder(second.id) / CLIP, np.zeros((FRAMES, 96, 160, 3), np.uint8), 12)
    fade = [(FOREST * (at / (FRAMES - 1))).astype(np.uint8) for at in range(FRAMES)]
    write_clip(session.store.take_folder(first.id) / CLIP, np.stack(fade), 12)
    with pytest.raises(MediaError, match="black or of one colour throughout"):
        check_look(session.project, session.looks, second.id, REFERENCE)
    with pytest.raises(MediaError, match="would be matched to is black"):
        check_look(session.project, session.looks, third.id, second.id)
    with pytest.raises(MediaError, match="would be matched to is black"):
        check_look(session.project, session.looks, third.id, FIRST_FRAME)
    session.edit(set_look, first.id, third.id)
    assert light(read_clip(shown(session, first.id))[0]) < 25, "a fade from black begins dark"
    session.edit(set_look, second.id, third.id)
    wait_until(session, lambda: not session.held_looks.shown(second.id).making)
    assert session.held_looks.shown(second.id).problem == ""


def test_clips_of_one_frame(tmp_path: Path) -> None:
    session = drifting(tmp_path)
    second = session.project.path()[1].id
    write_clip(session.store.take_folder(second) / CLIP, drifted(0.5)[None], 12)
    session.edit(set_look, second, FIRST_FRAME)
    (frame,) = read_clip(shown(session, second))
    assert light(frame) == pytest.approx(light(drifted(0)), abs=1)
