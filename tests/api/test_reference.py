"""The description of the functions is what the functions say."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from studio.api import values
from studio.api.all_calls import AllCalls
from studio.api.errors import CODES
from studio.api.functions import NAMES, descriptions, fits, read_docstring
from studio.api.reference import kinds, own_fields, reference
from studio.client import Film

ROOT = Path(__file__).parents[2]


def test_the_file_is_what_the_command_writes() -> None:
    written = (ROOT / "docs" / "api.md").read_text("utf-8")
    assert written == reference(), "run: python -m studio.api > docs/api.md"
    assert all(f"| `{code}` |" in written for code in CODES)
    ran = subprocess.run([sys.executable, "-m", "studio.api"], cwd=ROOT, capture_output=True, check=True)
    assert ran.stdout.decode().replace("\r", "") == written


def test_every_function_is_in_the_table() -> None:
    public = {name for name, each in inspect.getmembers(AllCalls, inspect.isfunction) if not name.startswith("_")}
    assert public == set(NAMES) and len(NAMES) == len(public)


@pytest.mark.parametrize("about", descriptions(), ids=NAMES)
def test_every_argument_is_described(about: object) -> None:
    assert about.text.endswith(".") and about.returns_text  # type: ignore[attr-defined]
    arguments = {each.name: each.text for each in about.arguments}  # type: ignore[attr-defined]
    assert all(re.match(r".*\.$", text) for text in arguments.values())
    _, written, _ = read_docstring(getattr(AllCalls, about.name))  # type: ignore[attr-defined]
    assert written.keys() <= arguments.keys()


def test_every_field_is_described() -> None:
    assert len(kinds()) > 20
    for kind in kinds():
        assert [*read_docstring(kind)[1]] == [*own_fields(kind)], kind


def test_the_client_has_every_function_of_a_film() -> None:
    own = {name for name in dir(Film) if not name.startswith("_")}
    assert set(NAMES) - {"about", "films", "create", "trashed_films", "open_sample", "import_film", "open_file", "read_mark"} <= own
    for about in descriptions():
        if about.name in own and about.name not in ("export", "look", "subject_mask", "export_ratings"):
            names = {argument.name for argument in about.arguments} - {"film", "language"}
            assert set(inspect.signature(getattr(Film, about.name)).parameters) - {"self"} == names, about.name


def test_what_fits_a_type() -> None:
    assert fits(3, float) and fits(3, int) and not fits(True, int) and not fits(3.0, int) and not fits(float("nan"), float)
    assert fits(None, str | None) and not fits(1, str | None) and fits(["a"], list[str]) and not fits(["a", 1], list[str])
    assert fits("path", values.Upload) and fits({}, values.Upload) and not fits(["x"], values.Upload)
