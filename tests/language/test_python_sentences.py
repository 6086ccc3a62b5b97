"""What Python says to the page can be said in another language: errors, notices and words of progress are no plain texts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from studio.api.errors import CODES
from studio.lab.commands import language as command

ROOT = Path(__file__).parents[2]
ROOMS = ("ui", "api", "session", "project", "engine", "media", "catalogue", "placement", "memory", "backbones", "diffusion")
FILES = [path for room in ROOMS for path in sorted((ROOT / "studio" / room).rglob("*.py"))] + sorted((ROOT / "studio").glob("*.py"))
ERRORS = {
    "ApiError", "EditError", "BusyError", "MediaError", "LoraError", "StoreError", "StoryError", "StyleError", "PresetError",
    "WildcardError", "ModelError", "PlanError", "CannotReduceError", "ProfileError", "SnapshotError", "AdapterError", "BlockError",
    "TaehvError", "FolderError", "MessageError", "RecordError", "WeightStoreError", "StaleWeightsError", "DamagedWeightsError",
    "error",
}
"""Errors whose messages reach the page, by themselves or within others; `error` stands for one that a function was given."""
SPEAKERS = {"notice", "_refusal", "add_finding", "fail", "leave", "report", "Failed", "Working", "EngineStatus", "PlacementReduced"}
"""Calls whose texts are read on the page."""
SPOKEN = {"message", "remedy", "note", "doing", "problem", "said"}
"""Names of values that are read on the page."""
ENGLISH = {
    "FetchError": "of the command that fetches models; the page fetches none",
    "GpuTableError": "of the command `doctor`",
    "FormatError": "what is wrong in a file, in brackets behind a sentence that is translated",
    "DifferenceError": "the same, of a step of undo",
    "NotFiniteError": "`engine.failures` says it", "StoppedError": "the same", "UnpreparedError": "for whoever calls the function",
}
"""Our other errors, which stay English, and why."""
FOR_COMMANDS = {"catalogue/hub", "placement/gpus.py"}
"""What returns sentences to commands alone."""
KEYS = {"starting", "ready", "en", *CODES}
"""Words that scripts and programs compare."""
GIVEN = {"card.summary", "preset.title", "preset.description", "s.title", "s.description", "profile.title"}
"""Texts of our TOML files, which the catalogue has from there."""


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text("utf-8"))))


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in nodes(path) if isinstance(node, ast.Call))


def name_of(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def plain_texts(node: ast.expr) -> Iterator[str]:
    """Texts in an expression that are not made by `sentence`, and what makes a plain text of sentences."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"[A-Za-z]", node.value):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield ast.unparse(node)
    elif isinstance(node, ast.BinOp):
        yield from (*plain_texts(node.left), *plain_texts(node.right))
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from plain_texts(value)
    elif isinstance(node, ast.IfExp):
        yield from (*plain_texts(node.body), *plain_texts(node.orelse))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant):
        yield ast.unparse(node)          # "...".format(...) and " ".join(...)


def in_plain_words(path: Path) -> Iterator[str]:
    """Where a file says something to the page in a plain text."""
    for call in calls(path):
        name = name_of(call)
        heard = [*call.args] if name in ERRORS | SPEAKERS and not ast.unparse(call.func).startswith("log.") else []
        if name not in ("sentence", "sentences", "filterwarnings"):
            heard += [keyword.value for keyword in call.keywords if keyword.arg in SPOKEN]
        for argument in heard:
            for text in plain_texts(argument):
                if text not in KEYS:
                    yield f"{path.relative_to(ROOT)}:{call.lineno}: {text}"


def test_nothing_is_said_in_plain_text() -> None:
    assert [found for path in FILES for found in in_plain_words(path)] == []


def test_every_error_is_said_or_stays_english() -> None:
    kinds = {node.name for path in FILES for node in nodes(path)
             if isinstance(node, ast.ClassDef) and any(re.search(r"(Error|Exception)$", ast.unparse(base)) for base in node.bases)}
    assert kinds == (ERRORS - {"error"}) | ENGLISH.keys()


def test_a_function_that_says_something_returns_a_sentence() -> None:
    """Whatever returns a text of several words, which begins like a sentence and ends like one, returns a `Sentence`."""
    found = []
    for path in FILES:
        if path.relative_to(ROOT / "studio").as_posix().startswith(tuple(FOR_COMMANDS)):
            continue
        for node in nodes(path):
            if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
                found += [f"{path.relative_to(ROOT)}:{node.lineno}: {text}" for text in plain_texts(node.value)
                          if re.search(r"[a-z}] [a-z{].*[.:]['\"]?$", text)]
    assert found == []


def test_the_catalogue_has_every_template() -> None:
    """Each text that is written out in a call, those within other calls too, is in the template of the catalogue."""
    ids = [message.id for message in command.extract("sentences")]
    known = {text for each in ids for text in ([each] if isinstance(each, str) else each)}
    for path in FILES:
        for call in calls(path):
            if name_of(call) not in ("sentence", "sentences"):
                continue
            texts = call.args[: 2 if name_of(call) == "sentences" else 1]
            for text in texts:
                if isinstance(text, ast.Constant):
                    assert text.value in known, f"{path}:{call.lineno}"
                else:
                    assert ast.unparse(text) in GIVEN, f"{path}:{call.lineno}: a text that is not written out is in no catalogue"


@pytest.mark.parametrize("said", [
    'raise EditError("This take is gone.")', 'raise StoreError(f"{name} is gone.")',
    'raise MediaError("{} is gone.".format(name))',
    'raise MediaError(" ".join(problems))', 'raise ModelError(first or "It is gone.")',
    'raise LoraError(sentence("It is gone. ") + "Add it again.")',
    'notice("It is gone.")', 'job.update(message="It is gone.")', 'yield Failed(take, f"{kind}: {error}", KEPT, 0, 0, 0.0)',
])
def test_a_plain_text_is_found(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "planted.py"
    path.write_text(f"def say():\n    {said}\n")
    monkeypatch.setattr("tests.language.test_python_sentences.ROOT", tmp_path)
    assert len(list(in_plain_words(path))) == 1
