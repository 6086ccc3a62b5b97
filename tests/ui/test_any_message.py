"""Messages from anyone: any JSON, ids, paths. Each is answered, and a refusal tells what to do and nothing of the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.project import edits
from studio.session import Session
from studio.ui.api import PageApi
from studio.ui.fields import Fields, MessageError
from tests.shelves import picture
from tests.ui.conftest import ask, refusal


def test_pictures_come_from_uploads_only(api: PageApi, session: Session, tmp_path: Path) -> None:
    inside = picture(api.uploads, "olive")
    ask(api, session, "set_reference", path=str(inside))
    assert session.project.reference and session.project.reference.name == "olive.png"
    outside = picture(tmp_path, "red")
    (api.uploads / "link.png").symlink_to(outside)
    link = str(api.uploads / "link.png")
    for path in (str(outside), f"{api.uploads}/../red.png", link, "/etc/passwd", "", "\0", str(api.uploads), 7):
        message = refusal(api, {"verb": "set_reference", "project": session.id, "path": path})
        assert "understand" in message, path
    assert session.project.reference.name == "olive.png"


def test_refusals_carry_the_message_for_the_artist(api: PageApi, session: Session) -> None:
    session.edit(edits.set_reference, None)
    assert "reference" in refusal(api, {"verb": "generate_next", "project": session.id})
    assert "name" in refusal(api, {"verb": "rename", "project": session.id, "name": "   "})
    assert "on the current branch" in refusal(api, {"verb": "remove_segment", "project": session.id, "segment": "gone"})
    assert "project" in refusal(api, {"verb": "undo", "project": "nosuch"})


def test_accidents_are_told_without_their_entrails(api: PageApi, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> Session:
        raise RuntimeError("/secret/path")

    monkeypatch.setattr(api.studio, "open", broken)
    told = refusal(api, {"verb": "undo", "project": session.id})
    assert told == "Something unexpected went wrong. Nothing already made is lost."


@pytest.mark.parametrize("project", ["..", "../x", "/", "a/b", "a\\b", "\0", "\ud800", "x" * 999, "", None, 3, [], {}, True, 1e999])
def test_ids_are_never_paths(api: PageApi, session: Session, project: object) -> None:
    refusal(api, {"verb": "undo", "project": project})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["..", "/etc/passwd", "\ud800", "NaN"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_json_is_answered(api: PageApi, session: Session, data: st.DataObject) -> None:
    quiet = sorted(set(api.verbs) - {"generate_next", "generate_all", "retake", "finish", "export", "film"})
    message: Any = data.draw(JSON)
    if data.draw(st.booleans()):
        names = ("path", "name", "take", "segment", "prompt", "sections", "seed", "width", "height", "to", "branch", "sample",
                 "left", "right", "result", "other", "place")
        message = {name: data.draw(JSON) for name in data.draw(st.sets(st.sampled_from(names), max_size=4))}
        message |= {"verb": data.draw(st.sampled_from(quiet)), "project": session.id}
    reply = api.answer(message)
    assert set(reply) - {"board"} in ({"ok", "answer"}, {"ok", "notice"})
    if not reply["ok"]:
        assert "Traceback" not in reply["notice"]["message"]
        assert "unexpected" not in reply["notice"]["message"], message


def test_fields_read_or_refuse() -> None:
    fields = Fields({"n": 3, "t": "x", "f": float("nan"), "b": True, "huge": -(10**400), "i": float("inf")})
    assert fields.number("n", 0, 2) == 2 and fields.number("huge", -1, 1) == -1
    assert fields.integer("n", 0, 5) == 3 and fields.text("t") == "x" and fields.flag("b") and not fields.flag("n")
    for read in (
        lambda: fields.integer("b", 0, 5), lambda: fields.integer("n", 4, 5), lambda: fields.number("f", 0, 1),
        lambda: fields.number("i", 0, 1),
        lambda: fields.text("n"), lambda: fields.identifier("t "), lambda: fields.one_of("t", {}), lambda: Fields([]),
    ):  # fmt: skip
        with pytest.raises(MessageError):
            read()
