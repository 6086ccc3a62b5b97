"""Damage to files as disks, killed programs and other people's hands do it, drawn by hypothesis."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

Damage = Callable[[Path], None]
ODD = st.sampled_from(["\ud800", "../../etc", "My film"])
OTHER_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5) | ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _cut(share: float) -> Damage:
    return lambda path: _rewrite(path, lambda content: content[: int(len(content) * share)])


def _flip(share: float, bit: int) -> Damage:
    def flip(content: bytes) -> bytes:
        at = min(int(len(content) * share), len(content) - 1)
        return content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :] if content else content

    return lambda path: _rewrite(path, flip)


def _zeros(start: float, length: int) -> Damage:
    def blank(content: bytes) -> bytes:
        at = int(len(content) * start)
        return content[:at] + bytes(min(length, len(content) - at)) + content[at + length :]

    return lambda path: _rewrite(path, blank)


def _replace(content: bytes) -> Damage:
    return lambda path: _rewrite(path, lambda _: content)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _folder(path: Path) -> None:
    _remove(path)
    path.mkdir(parents=True)


def _rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    if path.is_file():
        path.write_bytes(change(path.read_bytes()))


def _value(way: list[int], value: Any, remove: bool) -> Damage:
    """Another value, or none, at a place in a JSON file. `way` leads there: which entry to go into, level by level."""

    def change(content: bytes) -> bytes:
        try:
            table = json.loads(content)
        except ValueError:
            return content
        place, key = {"top": table}, "top"
        at: Any = place
        for turn in way:
            inner = at[key]
            keys = list(inner) if isinstance(inner, dict) else list(range(len(inner))) if isinstance(inner, list) else []
            if not keys:
                break
            at, key = inner, keys[turn % len(keys)]
        if remove and at is not place:
            del at[key]
        else:
            at[key] = value
        return json.dumps(place["top"]).encode()

    return lambda path: _rewrite(path, change)


SHARE = st.floats(0, 1)
ANY_FILE: st.SearchStrategy[Damage] = st.one_of(
    st.just(_remove),
    st.just(_folder),
    st.builds(_cut, SHARE),
    st.builds(_flip, SHARE, st.integers(0, 7)),
    st.builds(_zeros, SHARE, st.integers(1, 4096)),
    st.builds(_replace, st.sampled_from([b"", b"{}", b"null", b"[]", b"\0" * 500, b"rubbish", b"[" * 5000])),
)
DOCUMENT = ANY_FILE | st.builds(_value, st.lists(st.integers(0, 30), min_size=1, max_size=5), OTHER_JSON, st.booleans())
"""Damage to a JSON file: to any file, or one value replaced."""
