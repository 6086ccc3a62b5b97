"""Finding a film among many: what its document says, search, order, tags, and an index that is never wrong."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from studio.project import edits
from studio.project.codec import parse_project, project_table
from studio.project.library import Film, count_tags, search, where
from studio.project.library_facts import Facts, read_facts
from studio.project.library_index import LibraryIndex
from studio.project.limits import EditError
from studio.project.tags import set_tags


def film(name: str, *tags: str, texts: tuple[str, ...] = (), **changes: float) -> Film:
    times = {"changed": 0.0, "made": 0.0, "seconds": 0.0, "size": 0, **changes}
    return Film(id=name, name=name, poster=None, takes=0, tags=tags, texts=texts, empty=False, **times)  # type: ignore[arg-type]


PROMPT = "The lighthouse at dusk, while the tide comes in over the long grey stones of the shore"
FILMS = (
    film("Film 10", "Sea", texts=(PROMPT,), changed=3, size=5),
    film("film 9", "sea", "night", changed=1, seconds=9, size=1),
    film("Harbour", "Night", changed=2, made=4, size=9),
)


@pytest.mark.parametrize(("words", "found"), [
    ("", ["Film 10", "Harbour", "film 9"]), ("film", ["Film 10", "film 9"]), ("DUSK light", ["Film 10"]),
    ("#night", ["Harbour", "film 9"]), ("film night", ["film 9"]), ("dusk night", []),
])  # fmt: skip
def test_every_word_is_in_a_name_a_tag_or_a_prompt(words: str, found: list[str]) -> None:
    assert [each.name for each in search(FILMS, words)] == found


@pytest.mark.parametrize(("order", "first"), [("name", "film 9"), ("made", "Harbour"), ("length", "film 9"), ("size", "Harbour")])
def test_orders(order: str, first: str) -> None:
    assert search(FILMS, order=order)[0].name == first


def test_a_prompt_is_quoted_around_the_word_and_a_name_is_not() -> None:
    assert where(FILMS[0], "tide") == "The lighthouse at dusk, while the tide comes in over the long grey stones…"
    assert where(FILMS[0], "film") == where(FILMS[0], "sea") == ""


def test_tags_are_counted_whatever_their_capitals() -> None:
    assert count_tags(FILMS) == [("night", 2), ("Sea", 2)]
    assert [each.name for each in search(FILMS, tag="SEA", order="name")] == ["film 9", "Film 10"]


def test_tags_are_part_of_the_document() -> None:
    project = set_tags(edits.new("Sea"), ["  #two  words ", "Two words", "", "x\n"])
    assert project.tags == ("two words", "x") and parse_project(project_table(project)) == project
    assert set_tags(project, ["two words", "x"]) is project
    assert parse_project({**project_table(project), "tags": [3, "y", None]}).tags == ("y",)
    for wrong in (["x" * 41], [str(number) for number in range(21)]):
        with pytest.raises(EditError, match="at most"):
            set_tags(project, wrong)


@pytest.mark.parametrize("table", [
    {}, {"takes": 3, "branches": [1], "clock": [], "head": 5}, {"takes": [{"id": "a", "parent": "a"}], "head": "a"}])
def test_what_is_not_as_it_should_be_counts_as_not_there(table: dict[str, object]) -> None:
    facts = read_facts(table, "Untitled film")
    assert facts.name is None and facts.seconds == 0 and facts.texts == ()


def shelve(home: Path, name: str, prompt: str) -> Path:
    """A film with a prompt, as a folder that was written a day ago."""
    folder = home / name
    folder.mkdir(parents=True, exist_ok=True)
    table = project_table(edits.add_segment(edits.new(name), prompt=prompt))
    (folder / "project.json").write_text(json.dumps({"format": 1, **table}))
    _age(folder / "project.json")
    return folder


def _age(path: Path, seconds: int = 86_400) -> None:
    when = path.stat().st_mtime_ns - seconds * 10**9
    os.utime(path, ns=(when, when))


def texts(index: LibraryIndex, folder: Path) -> tuple[str, ...]:
    found = index.facts(folder)
    assert found
    return found[0].texts


def test_a_document_is_read_once_until_it_changes(tmp_path: Path) -> None:
    folder, index = shelve(tmp_path, "sea", "one"), LibraryIndex(None)
    assert texts(index, folder) == texts(index, folder) == ("one",) and index.read == 1
    shelve(tmp_path, "sea", "two")                       # as long as before, and of the same time
    document = folder / "project.json"
    fresh = document.with_name("other")
    shutil.copy2(document, fresh)
    fresh.replace(document)
    assert texts(index, folder) == ("two",)


def test_what_was_written_a_moment_ago_is_not_trusted(tmp_path: Path) -> None:
    folder, index = shelve(tmp_path, "sea", "one"), LibraryIndex(None)
    os.utime(folder / "project.json")
    texts(index, folder)
    stamp = (folder / "project.json").stat().st_mtime_ns
    text = (folder / "project.json").read_text().replace("one", "two")
    (folder / "project.json").write_text(text)           # in place, within one tick of a coarse clock
    os.utime(folder / "project.json", ns=(stamp, stamp))
    assert texts(index, folder) == ("two",)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"version": 1, "films": {"x": {}}}', b'{"version": 99, "films": {}}'])
def test_the_index_on_the_disk_serves_the_next_run_and_may_be_damaged(tmp_path: Path, damage: bytes) -> None:
    folders = [shelve(tmp_path, f"film {number}", f"prompt {number}") for number in range(9)]
    index = LibraryIndex(tmp_path / ".library.json")
    wanted = [index.facts(folder) for folder in folders]
    index.keep(folders)
    again = LibraryIndex(tmp_path / ".library.json")
    assert [again.facts(folder) for folder in folders] == wanted and again.read == 0
    (tmp_path / ".library.json").write_bytes(damage)
    anew = LibraryIndex(tmp_path / ".library.json")
    assert [anew.facts(folder) for folder in folders] == wanted and anew.read == 9


def test_a_damaged_document_has_no_facts_and_another_films_are_not_its(tmp_path: Path) -> None:
    folder, index = shelve(tmp_path, "sea", "one"), LibraryIndex(None)
    texts(index, folder)
    (folder / "project.json").write_text("{")
    assert index.facts(folder) is None
    shelve(tmp_path, "sea", "two")
    assert texts(index, folder) == ("two",)
    assert index.facts(tmp_path / "nowhere") is None


def test_sizes_follow_what_is_added_removed_and_replaced(tmp_path: Path) -> None:
    folder, index = shelve(tmp_path, "sea", "one"), LibraryIndex(None)
    index.facts(folder)
    take = folder / "takes" / "a"
    take.mkdir(parents=True)
    (take / "clip.mp4").write_bytes(b"x" * 1000)
    for path in (take, folder / "takes"):
        _age(path)
    rest = (folder / "project.json").stat().st_size
    assert index.size(folder) == index.size(folder) == rest + 1000
    (take / "more").write_bytes(b"x" * 10)
    assert index.size(folder) == rest + 1010
    (folder / "undo.log").write_bytes(b"x" * 5)
    (take / "clip.mp4").unlink()
    assert index.size(folder) == rest + 15
    with (folder / "undo.log").open("ab") as log:
        log.write(b"y")                                   # in place
    assert index.size(folder) == rest + 16
    assert Facts().empty


def test_the_length_is_that_of_the_takes_as_they_are_shown() -> None:
    table = {"head": "b", "clock": {"fps": 12}, "takes": [{"id": "a", "frames": 36}, {"id": "b", "parent": "a", "frames": 36}]}
    assert read_facts(table, "").seconds == 6
    trim = {"first": 0, "end": 12, "loop": "repeat", "times": 2}
    assert read_facts({**table, "trims": {"a": trim}}, "").seconds == 5
    assert read_facts({**table, "trims": {"a": {**trim, "times": "x"}}}, "").seconds == 6
