"""Timelines in the text of other studios: what is understood, what is kept as text, and one step to undo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.project import history, limits
from studio.project.history import UndoHistory
from studio.project.limits import EditError
from studio.project.lora_edits import add_lora
from studio.project.sources import Lora
from studio.project.timeline_text import TextSegment, TimelineText, put_timeline, read_timeline
from tests.project.builders import film, generated, prompts


def read(text: str) -> TimelineText:
    found = read_timeline(text)
    assert found is not None
    return found


def parts(text: str) -> list[tuple[str, float | int | None]]:
    return [(s.prompt, s.frames if s.seconds is None else s.seconds) for s in read(text).segments]


def test_times_in_brackets() -> None:
    text = "[0s-2s: she waves] [2s: she turns]\n[3.5s - 6s : she\nleaves] [6s-: the sea]"
    assert parts(text) == [("she waves", 2), ("she turns", 1.5), ("she leaves", 2.5), ("the sea", None)]
    assert read(text).notes == ()
    assert parts("[2s: b][0s: a]") == [("a", 2), ("b", None)], "in the order of their times"


def test_gaps_overlaps_and_what_stands_outside() -> None:
    gap = read("[0s-2s: a] [5s-4s: b] [7s-8s: c]")
    assert [s.seconds for s in gap.segments] == [5, 2, 1]
    assert "Segment 1 is written until 2 s and goes on until the next begins, at 5 s." in gap.notes
    assert "Segment 2 would end before it begins; its end was left out." in gap.notes
    overlap = read("[1s-4s: a] [3s-6s: b]")
    assert [s.seconds for s in overlap.segments] == [2, 3] and "ends where the next begins, at 3 s" in overlap.notes[1]
    assert "Nothing is written before 1 s" in overlap.notes[0]
    outside = read("A girl in red. [0s-1s: she waves] [nonsense: x]")
    assert outside.segments[0].prompt == "A girl in red. [nonsense: x]. she waves"
    assert "“A girl in red. [nonsense: x]”, was put before every prompt" in outside.notes[0]
    assert [s.seconds for s in read("[1s: a][1s: b]").segments] == [None, None], "both begin at once: each has the usual length"


def test_a_line_for_each_window() -> None:
    text = "[/duration=5s] she waves\n\n[/duration=48] she turns\nshe rests\n[ /duration = 2.5s ] [/new_shot] the sea\n"
    assert parts(text) == [("she waves", 5), ("she turns", 48), ("she rests", None), ("the sea", 2.5)]
    assert read(text).notes == (
        "Lengths in frames were counted at this film's frames a second.",
        "New shots begin at the reference picture. Choose other pictures for them on their boundaries.",
    )
    assert [segment.cut for segment in read(text).segments] == [False, False, False, True]


def test_a_paragraph_for_each_window() -> None:
    text = "[/duration=4s,/new_shot] she waves\nand smiles\n \n[/duration=3s,/overlap=0] the sea\nis calm"
    assert parts(text) == [("she waves\nand smiles", 4), ("the sea\nis calm", 3)]
    assert [note[:26] for note in read(text).notes] == ["New shots begin at the ref"]


def test_what_is_not_understood_is_kept_as_text() -> None:
    text = "# a comment\n! {who}=\"Anna\"\n[/duration=20%] a\n[/overlap=9,/loras_mult=1,2 0.5] b [/new_shot]\n[/duration=soon] c"
    assert parts(text) == [
        ('! {who}="Anna"', None), ("a", None), ("[/overlap=9] [/loras_mult=1,2 0.5] b [/new_shot]", None),
        ("[/duration=soon] c", None)]
    told = " ".join(read(text).notes)
    for words in ("begin with # are comments", "begin with ! set macros", "20% is a share", "“[/overlap=9]” is not understood",
                  "“[/loras_mult=1,2 0.5]” is not", "Segment 4: “[/duration=soon]”"):
        assert words in told


@pytest.mark.parametrize("text", [
    "", "plain", "two\nlines", "a [red] coat", "[Shot 1] a", "(at 0 seconds: a)", "[0: a]", "[s: a]", "[/unknown] a",
    "a [/new_shot]", "[0s-2s a]", "[[0s-2s: a", "/duration=5s",
])
def test_plain_text_is_no_timeline(text: str) -> None:
    assert read_timeline(text) is None


@given(st.text(alphabet="[]/:-s0123.%,=#!\n aduration_newhot", max_size=80))
def test_any_text_is_read(text: str) -> None:
    found = read_timeline(text)
    assert found is None or found.segments


def test_it_replaces_what_is_not_rendered_in_one_step() -> None:
    project = add_lora(generated(film("a", "b", "c"), 1), 0, Lora("ink", "0" * 64), 0.5)
    steps = history.do(UndoHistory(project), put_timeline(project, read("[0s-6s: x] [6s-7s: y] [7s: z]")))
    assert prompts(steps.present) == ["a", "x", "y", "z"]
    made = steps.present.current().segments[1:]
    assert [s.frames for s in made] == [72, 36, 36] and len({s.seed for s in made}) == 3
    assert all(s.loras == project.current().segments[0].loras for s in made)
    assert history.undo(steps).present == project and steps.present.path() == project.path()


def test_lengths_and_numbers_that_are_too_much_are_refused() -> None:
    project = film("a")
    with pytest.raises(EditError, match="120 seconds at most"):
        put_timeline(project, read("[0s-999s: x]"))
    with pytest.raises(EditError, match="longer than nothing"):
        put_timeline(project, read("[/duration=0] x"))
    with pytest.raises(EditError, match="400 segments at most"):
        put_timeline(project, TimelineText((TextSegment("x"),) * (limits.SEGMENTS + 1)))
    with pytest.raises(EditError, match="2,001 characters"):
        put_timeline(project, TimelineText((TextSegment("x" * 2001),)))
    unplanned = put_timeline(project, read("[/new_shot] x"))
    assert [s.frames for s in unplanned.current().segments] == [36]
