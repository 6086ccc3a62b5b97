"""A look that is held in what the next section sees: written down with the take, undone, kept over a restart, made again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.media.clip import write_clip
from studio.project import edits, recipe
from studio.project.codec import parse_take, take_table
from studio.project.look_edits import drop_look, set_look
from studio.project.model import FIRST_FRAME, ContextLook, Shot, Take
from studio.project.shots import set_shot
from studio.project.staleness import find_same_take
from studio.project.store import CLIP
from studio.session import Session, Studio
from studio.session.lineage import take_record
from tests.fake_engine import FakeEngine, card
from tests.shelves import make_film, wait_for_job
from tests.test_session_looks import drifted


@pytest.fixture
def session(tmp_path: Path, engine: FakeEngine) -> Session:
    """A film of two takes, the second one lighter, held to the first frame, of four segments."""
    session = make_film(Studio(tmp_path / "projects", engine, (card(window=2),)), "a", "b", "c", "d")
    for number in range(2):
        rendered(session)
        take = session.project.path()[number]
        write_clip(session.store.take_folder(take.id) / CLIP, np.stack([drifted(0.6 * number)] * take.frames), 12)
    session.edit(set_look, session.project.head, FIRST_FRAME, 0.5)
    return session


def rendered(session: Session) -> Take:
    session.jobs.generate_next()
    wait_for_job(session)
    return session.project.path()[-1]


def test_the_next_take_says_in_which_look_it_saw_the_frames_before(session: Session, engine: FakeEngine) -> None:
    second = session.project.path()[1]
    assert rendered(session).context_look is None and engine.requests[-1].colours is None, "off unless it is asked for"
    session.edit(edits.rewind, second.id)
    session.edit(set_look, second.id, FIRST_FRAME, 0.5, context=True)
    assert session.project.looks[second.id].context
    third = rendered(session)
    look, colours = third.context_look, engine.requests[-1].colours
    assert look and colours and (look.match, look.strength, look.latents) == (FIRST_FRAME, 0.5, 4), "of both takes before it"
    assert (colours.gain, colours.offset, colours.latents) == (look.gain, look.offset, 4) and look.offset[0] < 0, "it was lighter"
    session.edit(set_look, third.id, FIRST_FRAME, context=True)
    fourth = rendered(session).context_look
    assert fourth and fourth.latents == 2, "what the third take saw so is not changed again"
    assert take_record(session.project, third)["context_look"]["strength"] == 0.5
    session.store.close()
    again = Studio(session.folder.parent, FakeEngine(), (card(window=2),)).open(session.id)
    assert again.project.takes == session.project.takes and again.project.looks == session.project.looks
    again.undo()                                                  # the fourth take
    again.undo()
    assert third.id not in again.project.looks, "the look of the third take"


def test_it_is_made_again_as_it_was(session: Session) -> None:
    second = session.project.path()[1]
    session.edit(set_look, second.id, FIRST_FRAME, context=True)
    third = rendered(session)
    session.edit(drop_look, second.id)
    _, asks = recipe.begin(recipe.make_recipe(session.project, session.project.path(), session.project.reference))
    assert session.context_looks.fill(asks[-1], session.project).take.context_look == third.context_look is not None
    assert parse_take(take_table(third)) == third
    for damage in ({"gain": [1, 2]}, {"offset": ["x", 1, 2]}, {"latents": 0}, {"match": "?"}):
        table = take_table(third)
        with pytest.raises(ValueError, match="context look"):
            parse_take({**table, "context_look": {**table["context_look"], **damage}})


def test_where_it_does_not_reach(session: Session, engine: FakeEngine) -> None:
    second, project = session.project.path()[1], session.project
    session.edit(set_look, second.id, FIRST_FRAME, context=True)
    segment = session.project.current().segments[2]
    plain = replace(project.path()[1], id="x", parent=second.id, segment=segment, context_look=None)
    seen = replace(plain, context_look=ContextLook(FIRST_FRAME, 1.0, (1.0,) * 3, (0.0,) * 3, 4))
    for take, same in ((plain, False), (seen, True)):
        held = replace(session.project, takes={**session.project.takes, "x": take})
        held = replace(held, looks={second.id: replace(held.looks[second.id], strength=1.0)})
        assert (find_same_take(held, segment, second.id) is not None) == same, "another look is no repetition"
    session.edit(set_shot, 2, Shot())
    assert rendered(session).context_look is None and engine.requests[-1].colours is None, "after a cut nothing before it is seen"
    large = card(window=2, sizes=((640, 384),))
    film = make_film(Studio(session.folder.parent.parent / "large", FakeEngine(), (large,)), "a")
    assert "cannot see frames in another look" in film.context_looks.problem
