"""The table of all functions, what each takes and says of itself, and the check of a call's arguments."""

from __future__ import annotations

import inspect
import math
import types
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from studio.api.all_calls import AllCalls
from studio.api.errors import ApiError
from studio.api.values import Film, Progress
from studio.language import ENGLISH, LANGUAGES, sentence
from studio.language.lists import with_or

PREFIX = "v1_"
"""Before a function's name in Gradio's API: the version."""
NAMES = (
    "about", "films", "create", "open_sample", "import_film", "open_file", "read_mark", "status", "duplicate_film", "tag_film",
    "set_reference", "begin_from_words", "use_sample", "clear_reference", "begin_with_video", "set_frame", "set_marks",
    "subject_mask",
    "set_words", "styles", "use_style", "wildcards", "set_size", "set_model", "go_on", "dismiss",
    "add_segment", "edit_segment", "remove_segment", "move_segment", "take_over", "keep_stale", "read_timeline", "put_timeline",
    "new_shot", "set_shot_frame", "undo", "redo",
    "loras", "add_lora", "use_lora", "spread_lora", "remove_lora", "set_sound", "place_sound", "remove_sound",
    "add_marker", "remove_marker", "clear_markers", "fit_to_markers",
    "presets", "apply_preset", "save_preset", "remove_preset",
    "generate", "retake", "finish", "audition", "early_costs", "change_early", "events", "cancel", "pause", "resume",
    "use_take", "drop_takes", "rewind", "branch", "switch", "rename_branch", "drop_branch",
    "trash", "restore_takes", "restore_branch", "empty_trash",
    "pin", "unpin", "memory_map", "forget", "forget_take", "remember_take", "ask_moment", "moment_events", "cancel_moment",
    "memory_test", "test_memory", "memory_test_events", "cancel_memory_test",
    "memory_use", "measure_memory_use", "memory_use_events", "cancel_memory_use",
    "star", "next_pair", "vote", "drop_vote", "ratings", "export_ratings", "trim", "hold_look", "drop_look", "drift", "set_retries",
    "look", "export", "weigh", "thin", "make_again", "make_again_events", "cancel_make_again",
    "trash_film", "trashed_films", "restore_film", "delete_film",
)  # fmt: skip
"""The functions, in the order in which they are described."""
LANGUAGE = f"Of the sentences: {', '.join(f'{code} ({name})' for code, name in LANGUAGES.items())}."
USUAL = {"film": "the film's id."}
"""What arguments are of which their functions say nothing."""
ANSWERS: Mapping[Any, str] = {Film: "The film.", Progress: "Events, as the job goes on. The last one says how it ended."}
"""What functions return that say nothing of it, by its type."""
WORDS = {str: sentence("text"), int: sentence("a whole number"), float: sentence("a number"), bool: sentence("true or false"),
         type(None): sentence("null")}
SEVERAL = {str: sentence("a list of texts"), float: sentence("a list of numbers"), int: sentence("a list of whole numbers")}


@dataclass(frozen=True)
class Argument:
    """An argument of a function."""

    name: str
    type: Any                      # its type hint
    text: str                      # what it is
    default: Any = inspect.Parameter.empty

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True)
class Description:
    """What a function says of itself."""

    name: str
    text: str
    arguments: tuple[Argument, ...]
    returns: Any                   # the type hint; of a stream: of one event
    returns_text: str
    streams: bool                  # whether it returns events, one after the other


@cache
def describe(name: str) -> Description:
    """The function of a name, as its signature and its docstring say it, with the argument `language` that all have.

    Raises:
        KeyError: there is none.
    """
    if name not in NAMES:
        raise KeyError(name)
    function = getattr(AllCalls, name)
    hints = get_type_hints(function)
    text, texts, returned = read_docstring(function)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    arguments = [Argument(p.name, hints[p.name], texts.get(p.name) or USUAL.get(p.name, ""), p.default) for p in parameters]
    arguments.append(Argument("language", str, LANGUAGE, ENGLISH))
    streams = get_origin(hints["return"]) is AsyncIterator
    returns = get_args(hints["return"])[0] if streams else hints["return"]
    return Description(name, text, tuple(arguments), returns, returned or ANSWERS[returns], streams)


def descriptions() -> tuple[Description, ...]:
    """All functions."""
    return tuple(describe(name) for name in NAMES)


def read_docstring(thing: Callable[..., object] | type) -> tuple[str, Mapping[str, str], str]:
    """A docstring's text, what it says of each argument or attribute, and what it says is returned."""
    parts: dict[str, list[str]] = {"": []}
    part = ""
    for line in (inspect.getdoc(thing) or "").splitlines():
        if line in ("Args:", "Attributes:", "Returns:"):
            part = line
        elif line.strip():
            parts.setdefault(part, []).append(line.strip())
    named = dict(line.split(": ", 1) for line in [*parts.get("Args:", []), *parts.get("Attributes:", [])])
    return " ".join(parts[""]), named, " ".join(parts.get("Returns:", []))


def check_arguments(name: str, given: Mapping[str, object]) -> dict[str, Any]:
    """The arguments of a call, with the defaults of those that are missing.

    Raises:
        ApiError: one is unknown, missing, or not of its type.
    """
    known = {argument.name: argument for argument in describe(name).arguments}
    for key in given:
        if key not in known:
            raise _bad(sentence(
                "{function} has no argument '{name}'; it has {others}", function=name, name=key, others=", ".join(known)))
    checked = {}
    for key, argument in known.items():
        value = given.get(key, argument.default)
        if value is inspect.Parameter.empty:
            raise _bad(sentence("'{name}' is missing", name=key))
        if not fits(value, argument.type):
            raise _bad(sentence("'{name}' must be {type}", name=key, type=say_type(argument.type)))
        checked[key] = value
    return checked


def _bad(problem: str) -> ApiError:
    return ApiError("bad_input", sentence("This call cannot be read: {problem}. Nothing was changed.", problem=problem))


def fits(value: object, kind: Any) -> bool:
    """Whether a value that came as JSON is of a type. An upload may also be its path alone."""
    origin = get_origin(kind)
    if origin is Literal:
        return isinstance(value, str) and value in get_args(kind)
    if origin in (Union, types.UnionType):
        return any(fits(value, each) for each in get_args(kind))
    if origin is list:
        return isinstance(value, list) and all(fits(each, get_args(kind)[0]) for each in value)
    if is_typeddict(kind):
        return isinstance(value, str | dict)
    if kind in (int, float):
        is_number = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
        return is_number and (isinstance(value, int) or math.isfinite(value))  # type: ignore[arg-type]
    return isinstance(value, kind)


def say_type(kind: Any) -> str:
    """A type in words: text, a number or null, a list of texts."""
    origin = get_origin(kind)
    if origin is Literal:
        *first, last = get_args(kind)
        return with_or([", ".join(first), last])
    if origin in (Union, types.UnionType):
        return with_or([say_type(each) for each in get_args(kind)])
    if origin is list:
        item = get_args(kind)[0]
        return SEVERAL.get(item) or sentence("a list of {items}", items=say_type(item))
    if is_typeddict(kind):
        return sentence("an uploaded file") if kind.__name__ == "Upload" else str(kind.__name__)
    return WORDS[kind]
