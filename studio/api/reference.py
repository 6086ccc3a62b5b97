"""The description of the functions as Markdown, from their own docstrings: `docs/api.md`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from types import UnionType
from typing import Any, get_args, get_type_hints, is_typeddict

from studio.api import keeping_values, memory_values, setting_values, studio_values, values
from studio.api.errors import CODES
from studio.api.functions import PREFIX, Description, descriptions, read_docstring, say_type

MODULES = (values, setting_values, studio_values, keeping_values, memory_values)
"""Where the values are that functions take and return."""
INTRODUCTION = """\
# The studio for programs

This file is written by `python -m studio.api > docs/api.md`.

The page's verbs are functions of Gradio's API, version 1: each is an endpoint of its name with `v1_` before it. Functions, fields
and codes may be added to a version; none is removed or changes its meaning. From Python:

```python
from studio.client import Client

studio = Client("http://127.0.0.1:7860")
film = studio.create("Cat")
film.set_reference("cat.png")
film.add_segment("a cat walks", seconds=4)
for event in film.generate():
    print(event["doing"], event["section"], event["step"], event["seconds_left"])
```

From any other language, by name (`POST` answers with an event's id, `GET` with the events of Gradio, as server-sent events):

```sh
curl http://127.0.0.1:7860/gradio_api/call/v2/v1_create -H 'Content-Type: application/json' -d '{"name": "Cat"}'
curl -N http://127.0.0.1:7860/gradio_api/call/v1_create/EVENT_ID
```

A file is uploaded with `POST /gradio_api/upload`, and given to a function by the path that this answers with, as
`{"path": "...", "meta": {"_type": "gradio.FileData"}}`. No other file of the studio's machine can be named.

A studio with a password asks programs too: `Client(address, user="mira", password="...")` logs in, `Client(address, token="...")`
sends a token. Others send `Authorization: Bearer TOKEN` with every request, or `POST /login` a form with `username` and `password`
and keep the cookie. `python app.py users token NAME` makes a token; where there is a password and no users, it is the token. A
token reaches its user's films alone. Without it every request is answered with status 401, and after many with 429.

A studio without a password answers no page of another site: programs in a browser are refused with status 403.

Whoever knows a film's id can open and change the film. On a shared studio no call tells an id that the caller does not know.

A job goes on when its caller leaves; `events` follows it again, `cancel` stops it.

## Errors

A refused call changes nothing. It raises `StudioError` in the Python client, and is an event `error` for others: `title` is the
code, and `error` the sentence that the page would show, in the language that the argument `language` names. One thing comes
earlier: where arguments are given by name with `POST`, Gradio itself answers status 500, without a code or an event, if one is
missing or the function has none of that name.

A number outside of its range is refused with the range; none is moved to the nearest bound.
"""


def reference() -> str:
    """The whole description."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield INTRODUCTION
    yield "| code | what it means |"
    yield "|---|---|"
    yield from (f"| `{code}` | {text} |" for code, text in CODES.items())
    yield "\n## Functions"
    for each in descriptions():
        yield from _function(each)
    yield "\n## Values"
    for kind in kinds():
        yield from _value(kind)


def _function(each: Description) -> Iterator[str]:
    yield f"\n### `{PREFIX}{each.name}`\n"
    yield each.text
    yield "\n| argument | type | default | |"
    yield "|---|---|---|---|"
    for argument in each.arguments:
        default = "" if argument.default is inspect.Parameter.empty else f"`{json.dumps(argument.default)}`"
        yield f"| `{argument.name}` | {say_type(argument.type)} | {default} | {argument.text} |"
    kind = f"a stream of {_link(each.returns)}" if each.streams else _link(each.returns)
    yield f"\nReturns {kind}. {each.returns_text}"


def kinds() -> list[type]:
    """All values."""
    found = [kind for module in MODULES for kind in vars(module).values() if is_typeddict(kind)]
    return list(dict.fromkeys(found))


def _value(kind: type) -> Iterator[str]:
    text, fields, _ = read_docstring(kind)
    yield f"\n### `{kind.__name__}`\n"
    yield text
    if base := base_of(kind):
        yield f"\nAll fields of {_link(base)}, and these"
    yield "\n| field | type | |"
    yield "|---|---|---|"
    yield from (f"| `{field}` | {_link(hint)} | {fields[field]} |" for field, hint in own_fields(kind).items())


def base_of(kind: type) -> type | None:
    """The value whose fields another one has too, of which its docstring says nothing (Python 3.11 forgets a TypedDict's bases)."""
    others = get_type_hints(kind).keys() - read_docstring(kind)[1].keys()
    return next((base for base in kinds() if others and get_type_hints(base).keys() == others), None)


def own_fields(kind: type) -> dict[str, Any]:
    """The fields of a value with their types, without those of its base."""
    base = base_of(kind)
    inherited = get_type_hints(base) if base else {}
    return {field: hint for field, hint in get_type_hints(kind).items() if field not in inherited}


def _link(kind: Any) -> str:
    """A type in words; values lead to what is said of them."""
    if is_typeddict(kind):
        return f"[`{kind.__name__}`](#{kind.__name__.lower()})"
    if isinstance(kind, UnionType):
        return " or ".join(_link(each) for each in get_args(kind))
    if getattr(kind, "__origin__", None) is list:
        item = get_args(kind)[0]
        return f"a list of {_link(item)}" if is_typeddict(item) else say_type(kind)
    return "an object" if getattr(kind, "__origin__", None) is dict else say_type(kind)
