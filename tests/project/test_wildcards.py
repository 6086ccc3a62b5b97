"""Wildcards: the seed chooses, the take keeps both texts, and what is wrong with lists is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.project import edits
from studio.project.codec import parse_take, take_table
from studio.project.limits import EditError
from studio.project.take_requests import next_request
from studio.project.wildcards import DEPTH, LARGEST, SHIPPED, Wildcards
from studio.project.words import fill_words, words_of
from tests.project.builders import film


def lists(folder: Path, **files: str) -> Wildcards:
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    return Wildcards((folder,))


def refused(wildcards: Wildcards, prompt: str) -> str:
    with pytest.raises(EditError) as told:
        wildcards.fill(prompt, 1)
    assert str(told.value).endswith("Nothing was lost.")
    return str(told.value)


def test_the_seed_chooses_a_line(tmp_path: Path) -> None:
    made = lists(tmp_path, sky="\ufeff# of the sky\n\n  red sky \ngrey sky\r\nblue sky\n")
    chosen = {seed: made.fill("a boat, __sky__!", seed) for seed in range(40)}
    assert chosen == {seed: made.fill("a boat, __sky__!", seed) for seed in range(40)}
    assert set(chosen.values()) == {f"a boat, {colour} sky!" for colour in ("red", "grey", "blue")}
    twice = {made.fill("__sky__/__SKY__", seed) for seed in range(60)}
    assert len(twice) == 9, "each time it chooses anew"
    for plain in ("no wildcard", "_sky_", "__ sky __", "____", "a __b", ""):
        assert made.fill(plain, 1) == plain


def test_the_artists_own_list_wins(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    lists(tmp_path, sky="shipped", sea="the sea")
    lists(own, sky="own")
    assert Wildcards((tmp_path / "none", own, tmp_path)).fill("__sky__ __sea__", 3) == "own the sea"
    assert Wildcards((own, tmp_path)).names() == ("sea", "sky")


def test_names_are_found_without_a_question_for_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A board of the page names them all: folders are no lists, and their entries say what they are."""
    made, asked, stat = lists(tmp_path, sky="red", Sea="blue"), list[Path](), Path.stat
    (tmp_path / "folder.txt").mkdir()
    monkeypatch.setattr(Path, "stat", lambda path, **how: asked.append(path) or stat(path, **how))
    assert made.names() == ("sea", "sky") and Wildcards((tmp_path / "none",)).names() == () and asked == []


def test_lists_may_lead_to_lists(tmp_path: Path) -> None:
    made = lists(tmp_path, mood="__sky__ over __sky__", sky="red\nblue")
    assert made.fill("__mood__", 5) == made.fill("__sky__ over __sky__", 5)
    deep = lists(tmp_path, **{f"l{n}": f"__l{n + 1}__" for n in range(DEPTH + 1)}, **{f"l{DEPTH + 1}": "end"})
    assert deep.fill("__l2__", 1) == "end"
    assert f"lies {DEPTH} lists deep" in refused(deep, "__l0__")


def test_what_is_wrong_is_told(tmp_path: Path) -> None:
    made = lists(tmp_path, a="__b__", b="__a__", own="__own__", none="\n# all\n \n", many="__some__" * 20, some="__few__" * 20,
                 few="x", big="x" * (LARGEST + 1), long="x" * 2001)
    (tmp_path / "latin.txt").write_bytes("caf\xe9".encode("latin-1"))
    (tmp_path / "zeros.txt").write_bytes(b"\0\0\n\0")
    (tmp_path / "folder.txt").mkdir()
    assert "There is no list for “__nosuch__”. There are: __a__, " in refused(made, "a __nosuch__")
    assert "“__a__” leads to “__b__” leads to “__a__”" in refused(made, "__a__")
    assert "“__own__” leads to “__own__”" in refused(made, "__own__")
    assert "none.txt has no choices" in refused(made, "__none__")
    assert "zeros.txt has no choices" in refused(made, "__zeros__")
    assert "big.txt is larger than 256 KB" in refused(made, "__big__")
    assert "latin.txt is not text in UTF-8" in refused(made, "__latin__")
    assert "more than 100 wildcards" in refused(made, "__many__")
    assert "has 2,001 characters; 2,000 is the most" in refused(made, "__long__")
    assert "no list for “__folder__”" in refused(made, "__folder__")
    assert "There are: none." in refused(Wildcards(()), "__a__")


def test_names_are_never_paths(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    inside = tmp_path / "lists"
    inside.mkdir()
    made = lists(inside, sky="red")
    for name in ("../secret", "..", "/etc/passwd", "sky.txt", "s\0ky"):
        assert made.fill(f"__{name}__", 1) == f"__{name}__", "this is no wildcard"
    assert "no list" in refused(made, "__secret__")


@given(st.text(alphabet="_ab-é\n", max_size=40), st.integers(0, 2**32 - 1))
def test_any_text_is_filled_or_refused(text: str, seed: int) -> None:
    try:
        assert isinstance(Wildcards((SHIPPED,)).fill(text, seed), str)
    except EditError as told:
        assert "There is no list" in str(told)


def test_takes_keep_what_was_written_and_what_was_used(tmp_path: Path) -> None:
    made = lists(tmp_path, sky="red sky")
    take = fill_words(next_request(film("a boat, __sky__")).take, made)
    assert (take.segment.prompt, take.words, words_of(take).prompt) == ("a boat, __sky__", "a boat, red sky", "a boat, red sky")
    assert parse_take(take_table(take)) == take
    plain = fill_words(next_request(film("a boat")).take, made)
    assert plain.words == "" and "words" not in take_table(plain) and words_of(plain).prompt == "a boat"


def test_style_and_cast_keep_their_words_from_take_to_take(tmp_path: Path) -> None:
    made = lists(tmp_path, hair="\n".join(f"hair {n}" for n in range(50)))
    project = edits.set_cast(edits.set_style(film("a boat", "a bridge"), "__hair__ grain"), "Anna, __hair__")
    first = replace(fill_words(next_request(project).take, made), sections=1, frames=36)
    assert (first.style, first.cast) == ("__hair__ grain", "Anna, __hair__") and "__" not in words_of(first).full()
    assert words_of(first).cast == f"Anna, {made.fill('__hair__', first.segment.seed)}"
    assert parse_take(take_table(first)) == first
    project = edits.add_take(project, first)
    again = fill_words(next_request(project).take, made, first)
    assert again.segment.seed != first.segment.seed and words_of(again).cast == words_of(first).cast
    changed = fill_words(next_request(edits.set_cast(project, "Ben, __hair__")).take, made, first)
    assert words_of(changed).cast.startswith("Ben, hair ") and words_of(changed).style == words_of(first).style


def test_a_partial_take_goes_on_with_the_words_that_it_has(tmp_path: Path) -> None:
    made = lists(tmp_path, sky="red sky")
    project = edits.edit_segment(film("__sky__"), 0, frames=72)
    begun = replace(fill_words(next_request(project).take, made), sections=1, frames=36)
    lists(tmp_path, sky="another sky")
    rest = next_request(edits.add_take(project, begun))
    assert rest.take.id == begun.id and fill_words(rest.take, made).words == "red sky"


def test_the_shipped_lists_can_be_read() -> None:
    shipped = Wildcards((SHIPPED,))
    assert shipped.names() == ("camera", "light", "mood", "weather")
    for name in shipped.names():
        assert "__" not in shipped.fill(f"__{name}__", 7)
