"""Whatever an artist does, in whatever order: the tree hangs together, no take is lost, undo and redo are exact."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from studio.marks import Flow, Marks, Subject
from studio.project import edits, history, limits, mark_limits, take_requests
from studio.project.codec import parse_project, project_table
from studio.project.edits import EditError
from studio.project.history import UndoHistory
from studio.project.model import Clock, Project, RenderSettings
from studio.project.rules import FormatError, check_project
from studio.project.store import Store
from tests.project.builders import REFERENCE, film

ANY_NUMBER = st.one_of(st.integers(), st.floats(), st.integers(1, 200))
INDEX = st.integers(-1, 8)
PICK = st.integers(0, 30)
SHARE = st.one_of(st.floats(0, 1), st.floats())
STROKE = st.lists(st.tuples(SHARE, SHARE) | st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=4).map(tuple)
SUBJECT = st.builds(Subject, st.lists(STROKE, max_size=3).map(tuple), st.just(()) | st.just((((0.1, 0.1),),)), st.floats(0.5, 5.5))
NAMES = st.sampled_from(["water", "The Clouds", "smoke", "hair", "flags", ""])
FLOW = st.builds(Flow, NAMES, STROKE, st.floats(0, 0.6), st.floats(0, 0.6))
MARKS = st.builds(Marks, st.booleans(), st.none() | SUBJECT, st.lists(FLOW, max_size=3).map(tuple))


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner) | st.dictionaries(st.text(), inner)


class Artist(RuleBasedStateMachine):
    """Presses everything there is."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = UndoHistory(film("a", "b", "c"))
        self.seen: set[str] = set()
        self.rendering: tuple[take_requests.TakeRequest, str] | None = None

    @property
    def project(self) -> Project:
        return self.steps.present

    def do(self, verb: Callable[..., Project], *arguments: Any, **named: Any) -> None:
        """Do a verb; one that is refused changes nothing."""
        before = self.project
        try:
            after = verb(before, *arguments, **named)
        except EditError as refused:
            assert len(str(refused)) > 15
            return
        self.steps = history.do(self.steps, after)

    def take(self, pick: int) -> str | None:
        ids = [None, *self.project.takes]
        return ids[pick % len(ids)]

    def branch(self, pick: int) -> str:
        return self.project.branches[pick % len(self.project.branches)].id

    @rule(index=INDEX, prompt=st.text(max_size=5), frames=ANY_NUMBER, seed=ANY_NUMBER)
    def edits_a_segment(self, index: int, prompt: str, frames: Any, seed: Any) -> None:
        self.do(edits.edit_segment, index, prompt=prompt)
        self.do(edits.edit_segment, index, frames=frames)
        self.do(edits.edit_segment, index, seed=seed)
        self.do(edits.edit_segment, index, blend=frames)

    @rule(index=st.one_of(st.none(), INDEX))
    def adds_a_segment(self, index: int | None) -> None:
        self.do(edits.add_segment, index, "new")

    @rule(index=INDEX)
    def removes_a_segment(self, index: int) -> None:
        self.do(edits.remove_segment, index)

    @rule(index=INDEX, to=INDEX)
    def moves_a_segment(self, index: int, to: int) -> None:
        self.do(edits.move_segment, index, to)

    @rule(pick=PICK)
    def rewinds(self, pick: int) -> None:
        self.do(edits.rewind, self.take(pick))

    @rule(pick=PICK)
    def branches(self, pick: int) -> None:
        self.do(edits.branch, self.take(pick))

    @rule(one=PICK, other=PICK, result=st.sampled_from(["left", "right", "alike"]))
    def votes(self, one: int, other: int, result: Any) -> None:
        self.do(edits.add_vote, self.take(one), self.take(other), result)

    @rule()
    def takes_a_vote_back(self) -> None:
        self.do(edits.drop_vote)

    @rule(pick=PICK)
    def switches(self, pick: int) -> None:
        self.do(edits.switch, self.branch(pick))

    @rule(pick=PICK)
    def drops_a_branch(self, pick: int) -> None:
        self.do(edits.drop_branch, self.branch(pick))

    @rule(steps=st.sampled_from([4, 8]), big=st.booleans())
    def changes_the_whole_film(self, steps: int, big: bool) -> None:
        self.do(edits.set_settings, RenderSettings("other", steps))
        self.do(edits.set_size, (64, 64) if big else (320, 192))

    @rule(fps=st.sampled_from([12, 30]))
    def changes_the_model(self, fps: int) -> None:
        self.do(edits.set_model, f"model-{fps}", Clock(fps, 36), (320, 192))

    @rule(sha=st.sampled_from(["a" * 64, "b" * 64, None]))
    def changes_the_picture(self, sha: str | None) -> None:
        self.do(edits.set_reference, sha and replace(REFERENCE, sha256=sha))

    @rule(frame=st.none() | st.tuples(*[st.one_of(st.floats(), st.floats(0, 1), st.floats(0, 0.5))] * 4))
    def frames_the_picture(self, frame: Any) -> None:
        self.do(edits.set_frame, frame)

    @rule(marks=MARKS)
    def marks_the_picture(self, marks: Marks) -> None:
        self.do(edits.set_marks, marks)

    @rule(style=st.text(max_size=5), cast=st.sampled_from(["", "Anna", "x" * 2001]))
    def writes_for_the_whole_film(self, style: str, cast: str) -> None:
        self.do(edits.set_style, style)
        self.do(edits.set_cast, cast)

    @rule(times=st.integers(1, 4), cut=st.booleans(), follow=st.booleans())
    def generates(self, times: int, cut: bool, follow: bool) -> None:
        for _ in range(times):
            self.do(edits.add_segment, frames=108)
            self.begin(take_requests.next_request)
            self.end(cut, follow)

    @rule()
    def starts_over(self) -> None:
        self.do(edits.set_reference, REFERENCE)
        self.do(edits.rewind, None)
        self.generates(2, False, True)

    @rule()
    def begins_to_generate(self) -> None:
        self.begin(take_requests.next_request)

    @precondition(lambda self: self.project.takes)
    @rule(pick=PICK)
    def begins_a_retake(self, pick: int) -> None:
        self.begin(lambda project: take_requests.retake(project, self.take(pick) or next(iter(project.takes))))

    @precondition(lambda self: self.project.takes)
    @rule(pick=PICK)
    def begins_to_finish(self, pick: int) -> None:
        self.begin(lambda project: take_requests.finish(project, self.take(pick) or next(iter(project.takes))))

    @precondition(lambda self: self.rendering)
    @rule(cut=st.booleans(), follow=st.booleans())
    def a_render_ends(self, cut: bool, follow: bool) -> None:
        self.end(cut, follow)

    def begin(self, choose: Callable[[Project], take_requests.TakeRequest]) -> None:
        """Start a render; it ends whenever it ends, whatever is edited meanwhile."""
        try:
            ask = choose(self.project)
        except EditError:
            return
        assert ask.sections > ask.take.sections and 0 <= ask.take.segment.seed < limits.SEEDS
        assert ask.index == len(self.project.lineage(ask.take.parent))
        self.rendering = (ask, self.project.branch)

    def end(self, cut: bool, follow: bool) -> None:
        if not self.rendering:
            return
        (ask, branch), self.rendering = self.rendering, None
        sections = max(ask.take.sections, 1) if cut and ask.sections > 1 else ask.sections
        state = "done" if sections == ask.sections else "partial"
        take = replace(ask.take, sections=sections, frames=sections * 36, state=state, at_edge=bool(sections % 2))
        self.do(edits.add_take, take, branch, follow)
        assert self.project.takes[take.id] == take

    @rule()
    def undoes_and_redoes(self) -> None:
        back = history.undo(self.steps)
        if self.steps.past:
            assert history.redo(back).present == self.steps.present
            assert history.undo(history.redo(back)) == back

    @rule()
    def undoes(self) -> None:
        self.steps = history.undo(self.steps)

    @rule()
    def redoes(self) -> None:
        self.steps = history.redo(self.steps)

    @initialize()
    def starts(self) -> None:
        check_project(self.project)

    @invariant()
    def the_tree_hangs_together(self) -> None:
        check_project(self.project)
        for branch in self.project.branches:
            ids = [segment.id for segment in branch.segments]
            assert len(ids) == len(set(ids)), "a plan names a segment once"
            names = [b.name for b in self.project.branches]
            assert len(names) == len(set(names))
            for segment in branch.segments:
                assert 1 <= self.project.clock.sections(segment.frames) <= limits.SECTIONS
        assert edits.stale_takes(self.project) <= {take.id for take in self.project.path()}

    @invariant()
    def no_take_is_lost(self) -> None:
        assert self.seen <= set(self.project.takes)
        self.seen = set(self.project.takes)
        for project in (*self.steps.past[-3:], *self.steps.future[:3]):
            assert set(project.takes) <= self.seen

    @invariant()
    def it_comes_back_from_json(self) -> None:
        assert parse_project(project_table(self.project)) == self.project

    def teardown(self) -> None:
        """What was edited and undone can be saved, in a folder of any name, and opened again."""
        with tempfile.TemporaryDirectory() as folder:
            store = Store(Path(folder) / "My film (1)")
            store.create(self.project)
            for project in (*self.steps.past[-2:], *self.steps.future[:2], self.project):
                store.save(project)
                assert Store(store.folder).open().project == project
            store.close()


TestArtist = Artist.TestCase
TestArtist.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@given(st.text())
def test_prompts_are_clean_whatever_is_typed(text: str) -> None:
    clean = limits.prompt(text)
    assert clean == limits.prompt(clean)
    clean.encode()
    assert all(c == "\n" or c.isprintable() or not c.isascii() for c in clean)


@given(ANY_NUMBER, st.sampled_from([Clock(), Clock(30, 36), Clock(1, 1)]))
def test_lengths_are_whole_and_in_range_or_refused(length: Any, clock: Clock) -> None:
    try:
        frames = limits.frames(length, clock)
    except EditError:
        return
    assert isinstance(frames, int) and 1 <= clock.sections(frames) <= limits.SECTIONS


@given(MARKS)
def test_marks_are_clean_or_refused(marks: Marks) -> None:
    try:
        clean = edits.set_marks(film("a"), marks).marks
    except EditError as refused:
        assert str(refused).endswith(".") and len(str(refused)) > 30
        return
    assert mark_limits.marks(clean) == clean
    for stroke in [*(clean.subject.strokes if clean.subject else ()), *(flow.stroke for flow in clean.flows)]:
        assert all(0 <= share <= 1 and share == round(share, 4) for point in stroke for share in point)


ANY_JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.integers(), nested, max_leaves=20)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["beyond", "subject", "flows"]), ANY_JSON | st.lists(st.fixed_dictionaries(
    {"name": st.just("water"), "stroke": ANY_JSON | st.just([[0, 0], [1, 1]]), "width": ANY_JSON, "speed": st.just(0.1)}))))
def test_no_marks_bring_the_reader_down(table: Any) -> None:
    try:
        parse_project(project_table(film("a")) | {"marks": table})
    except FormatError as error:
        assert "'marks'" in str(error)


@given(ANY_JSON)
def test_no_json_brings_the_reader_down(table: Any) -> None:
    try:
        parse_project(table)
    except ValueError as error:
        assert str(error)
