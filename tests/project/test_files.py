"""Reading small files of JSON: what could not be written again is not there, and too much within each other is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.project.files import DEPTH, read_json


@pytest.mark.parametrize("content", [
    rb'{"a": "x\ud800"}', rb'{"a": "x\uDFFF"}', b'{"a": "x\xed\xa0\x80"}', '{"a": "x\ud800"}'.encode("utf-16", "surrogatepass"),
    '{"a": "x\udfff"}'.encode("utf-32-be", "surrogatepass"),
])  # fmt: skip
def test_halves_of_letters_become_question_marks(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "film.json").write_bytes(content)
    assert read_json(tmp_path / "film.json") == {"a": "x?"}


def test_whole_letters_stay_and_numbers_without_end_go(tmp_path: Path) -> None:
    (tmp_path / "film.json").write_text(r'{"한": "\ud83c\udf9e 🎞", "b": [1e999, NaN, 2.5]}')
    assert read_json(tmp_path / "film.json") == {"한": "🎞 🎞", "b": [None, None, 2.5]}


def test_what_lies_too_deep_is_refused(tmp_path: Path) -> None:
    for depth, fits in ((DEPTH - 1, True), (DEPTH + 1, False)):
        (tmp_path / "film.json").write_text(json.dumps({"a": json.loads("[" * depth + "]" * depth)}))
        if fits:
            assert read_json(tmp_path / "film.json")
        else:
            with pytest.raises(ValueError, match="too deeply"):
                read_json(tmp_path / "film.json")
