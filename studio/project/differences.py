"""What differs between two JSON values, as a JSON value: a small one where little differs. `apply` gets the newer value back.

A difference of objects or lists shares with the older value whatever is the same in both.
"""

from __future__ import annotations

from typing import Any

Difference = dict[str, Any]
"""One of: {"is": value} · of objects {"set": {key: difference}, "cut": [keys]} · of lists {"each": {index: difference}}, or
{"at": index, "cut": count, "put": [values]}."""
NOTHING: Difference = {"set": {}}
"""The difference of two objects that are equal."""


class DifferenceError(ValueError):
    """A difference does not belong to the value that it is applied to."""


def difference(old: Any, new: Any) -> Difference | None:
    """What makes `new` of `old`; None where they are equal. Both are JSON values, with lists and not tuples."""
    if type(old) is type(new) and old == new:
        return None
    if isinstance(old, dict) and isinstance(new, dict):
        changed = {key: {"is": new[key]} if key not in old else difference(old[key], new[key]) for key in new}
        gone = [key for key in old if key not in new]
        return {"set": {key: change for key, change in changed.items() if change}, **({"cut": gone} if gone else {})}
    if isinstance(old, list) and isinstance(new, list):
        return _lists(old, new)
    return {"is": new}


def apply(change: object, old: Any) -> Any:
    """The newer value of which `change` is the difference from `old`, which stays as it is.

    Raises:
        DifferenceError: it is the difference from something else, or none at all.
    """
    try:
        return _apply(change, old)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise DifferenceError(f"a difference does not fit ({error!r})") from None


def _lists(old: list[Any], new: list[Any]) -> Difference:
    """The part of a list between what is the same at its beginning and at its end."""
    shorter = min(len(old), len(new))
    first = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    last = next((i for i in range(shorter - first) if old[-1 - i] != new[-1 - i]), shorter - first)
    middle = range(first, len(old) - last)
    if len(old) == len(new) and _same_things(old, new, middle):
        return {"each": {str(i): change for i in middle if (change := difference(old[i], new[i]))}}
    return {"at": first, "cut": len(middle), "put": new[first : len(new) - last]}


def _same_things(old: list[Any], new: list[Any], places: range) -> bool:
    """Whether objects of the same ids stand there in both lists."""
    pairs = [(old[i], new[i]) for i in places]
    return all(isinstance(a, dict) and isinstance(b, dict) and a.get("id") == b.get("id") for a, b in pairs)


def _apply(change: Any, old: Any) -> Any:
    if "is" in change:
        return change["is"]
    if "set" in change:
        kept = {key: value for key, value in old.items() if key not in change.get("cut", ())}
        return kept | {key: _apply(inner, old.get(key)) for key, inner in change["set"].items()}
    if "each" in change:
        new = list(old)
        for index, inner in change["each"].items():
            new[int(index)] = _apply(inner, old[int(index)])
        return new
    at, cut = change["at"], change["cut"]
    if not 0 <= at <= at + cut <= len(old) or not isinstance(old, list):
        raise IndexError(at)
    return [*old[:at], *change["put"], *old[at + cut :]]
