"""The steps of undo and redo on disk, beside the document, so that they outlive the studio.

undo.log is a text file, a line for each of these, with a checksum in front:

{"format": 1, "project": id, "state": {...}}   the oldest state
{"do": difference}                             an edit: the next state, after which nothing can be redone
{"amend": difference}                          the present state is another one, without a step
{"join": difference}                           the same, and nothing can be redone
{"drop": true}                                 the newest step came to nothing
{"at": number}                                 undo and redo: which state is present, counted from the oldest

A state is the document without its takes, because undo never removes a take. An edit adds one short line, which is not forced onto
the disk: the document is, and where it is newer than the log, the difference counts as one more step. The log is written anew, in
one step, when it has grown. One that cannot be read is set aside; a project opens without it.
"""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from studio.disk import atomic_write
from studio.language import sentence
from studio.project.codec import parse_project, project_table
from studio.project.differences import NOTHING, DifferenceError, apply, difference
from studio.project.history import DEPTH
from studio.project.model import Project, Take
from studio.project.rules import FormatError
from studio.project.table_reader import Table

LOG = "undo.log"
FORMAT = 1
LARGEST = 8 * 2**20
"""Bytes of the log, at most: the oldest steps go where it would be larger."""
LOST = sentence("The undo history of this film could not be read, so undo begins anew. The film itself is whole.")


class UndoLog:
    """The states that undo and redo lead to, the oldest first. Not for several threads at once, like the store."""

    def __init__(self, path: Path | None, project_id: str, state: Table) -> None:
        """A log without steps. Nothing is written before the first one; without a path, nothing ever is."""
        self.path = path
        self.project_id = project_id
        self.states: list[Table] = [state]
        self.at = 0
        self._fresh = False           # whether the file says what is in memory
        self._size = 0                # bytes of the file
        self._base = 0                # those of it when it was last written anew

    @property
    def can_undo(self) -> bool:
        """Whether a state lies before the present one."""
        return self.at > 0

    @property
    def can_redo(self) -> bool:
        """Whether a state lies behind the present one."""
        return self.at < len(self.states) - 1

    def neighbour(self, step: int, present: Project) -> Project:
        """The project one step back (-1) or forward (1), with the takes of the present one.

        Raises:
            FormatError: it cannot be read.
        """
        return parse_state(self.states[self.at + step], present)

    def do(self, table: Table) -> None:
        """Record an edit. `table`: the document that it led to."""
        change = difference(self.states[self.at], state_table(table)) or NOTHING
        self._push(apply(change, self.states[self.at]))
        self._append({"do": change})

    def amend(self, table: Table, join: bool = False) -> None:
        """Record that the present state is another one, without a step. `join`: nothing can be redone after it."""
        change = difference(self.states[self.at], state_table(table))
        if change:
            self.states[self.at] = apply(change, self.states[self.at])
        if join:
            del self.states[self.at + 1 :]
        if change or join:
            self._append({"join" if join else "amend": change or NOTHING})

    def drop(self) -> None:
        """Record that the newest step came to nothing: the state before it is present."""
        self.at = max(0, self.at - 1)
        del self.states[self.at + 1 :]
        self._append({"drop": True})

    def move(self, step: int, table: Table) -> None:
        """Record an undo (-1) or a redo (1), which led to the document `table`."""
        self.at = min(max(0, self.at + step), len(self.states) - 1)
        self._append({"at": self.at})
        self.amend(table)                     # where a take of that state is gone for good

    def forget(self, step: int) -> None:
        """Give up all states before the present one (-1) or behind it (1), because one of them cannot be read."""
        if step < 0:
            del self.states[: self.at]
            self.at = 0
        else:
            del self.states[self.at + 1 :]
        self._fresh = False

    def change_all(self, change: Callable[[Table], Table]) -> None:
        """Replace every state, as when takes are gone for good, and write the log anew."""
        self.states = [change(state) for state in self.states]
        self._fresh = False
        self._append({"at": self.at})

    def _push(self, state: Table) -> None:
        """Put a state behind the present one, in place of all that were there. The oldest one goes where there are too many."""
        self.states[self.at + 1 :] = [state]
        del self.states[: max(0, len(self.states) - DEPTH - 1)]
        self.at = len(self.states) - 1

    def _append(self, entry: Mapping[str, Any]) -> None:
        """Add a line to the file, or write it anew. Undo lasts a while less where the disk refuses; the edit itself is saved."""
        if self.path is None:
            return
        line = _line(entry)
        try:
            if not self._fresh or self._size + len(line) > max(2 * self._base, 2**16):
                self._write(self.path)
                return
            with self.path.open("ab") as file:
                if file.tell() != self._size:
                    raise OSError("somebody else has changed the file")
                file.write(line)
            self._size += len(line)
        except OSError:
            self._fresh = False       # perhaps half a line is in it: the next edit writes it anew

    def _write(self, path: Path) -> None:
        """Write the whole log in one step, with as many of its states as fit. Raises OSError: the disk refuses."""
        steps = [_line({"do": difference(a, b) or NOTHING}) for a, b in pairwise(self.states)]
        sizes, drop = [len(step) for step in steps], 0
        while drop < self.at and sum(sizes[drop:]) + len(_line({"state": self.states[drop]})) > LARGEST - 200:
            drop += 1
        del self.states[:drop]
        self.at -= drop
        head = {"format": FORMAT, "project": self.project_id, "state": self.states[0]}
        content = b"".join([_line(head), *steps[drop:], *([_line({"at": self.at})] if self.can_redo else [])])
        if len(content) > LARGEST:
            path.unlink(missing_ok=True)      # a single state is too large, or what can be redone is
            return
        with atomic_write(path) as temporary:
            temporary.write_bytes(content)
        self._fresh, self._size, self._base = True, len(content), len(content)

    def follow(self, project: Project) -> None:
        """Begin where the document is: what it holds beyond the log counts as one more step. It may have another id by now."""
        present = state_of(project)
        near = [at for at in (self.at, self.at - 1, self.at + 1) if 0 <= at < len(self.states)]
        same = next((at for at in near if self.states[at] == present), None)
        if same is None:
            self._push(present)
        elif same != self.at:
            self.at = same
        elif project.id == self.project_id:
            return
        self.project_id, self._fresh = project.id, False
        if self.path and self.path.exists():
            with contextlib.suppress(OSError):
                self._write(self.path)


def read_log(path: Path, project_id: str) -> UndoLog | None:
    """The log in a file; None: there is none. Half a line at its end, of a studio that was killed, is left out.

    Raises:
        ValueError: it is damaged, of another project or of a newer studio. OSError: it cannot be read.
    """
    with contextlib.suppress(FileNotFoundError):
        with path.open("rb") as file:
            content = file.read(2 * LARGEST + 1)
        if len(content) > 2 * LARGEST:
            raise ValueError("the log is too large")
        lines = content.split(b"\n")
        cut = bool(lines.pop())
        try:
            head, *entries = [_entry(line) for line in lines] or [{}]
        except RecursionError:
            raise ValueError("the log is nested too deeply") from None
        if head.get("format") != FORMAT or head.get("project") != project_id or not isinstance(head.get("state"), dict):
            raise ValueError("the log is of another project")
        log = UndoLog(path, project_id, head["state"])
        log._fresh, log._size, log._base = not cut, len(content), len(content)
        for entry in entries:
            _replay(log, entry)
        return log
    return None


def _replay(log: UndoLog, entry: Table) -> None:
    """What a line of the log says. Raises ValueError: it does not fit those before it."""
    states, at = log.states, log.at
    if "do" in entry:
        log._push(_state(apply(entry["do"], states[at])))
    elif "amend" in entry or "join" in entry:
        states[at] = _state(apply(entry.get("amend", entry.get("join")), states[at]))
        if "join" in entry:
            del states[at + 1 :]
    elif "drop" in entry:
        log.at = max(0, at - 1)
        del states[log.at + 1 :]
    elif isinstance(entry.get("at"), int) and 0 <= entry["at"] < len(states):
        log.at = entry["at"]
    else:
        raise ValueError("a line of the log says nothing")


def _state(value: object) -> Table:
    if not isinstance(value, dict):
        raise DifferenceError("a state is an object")
    return value


def state_table(table: Table) -> Table:
    """What of a document undo and redo change: all but its takes, its id and its format."""
    return {key: value for key, value in table.items() if key not in ("takes", "id", "format")}


def state_of(project: Project) -> Table:
    """The state of a project, as it is read back from a file: with lists and not tuples."""
    return dict(json.loads(json.dumps(state_table(project_table(replace(project, takes={}))))))


def parse_state(state: Table, present: Project) -> Project:
    """The project of a state, with the id and the takes of the present one. What names a take that is gone is left out.

    Raises:
        FormatError: it is not one.
    """
    try:
        return parse_project({**_without(state, present.takes), "id": present.id, "takes": []}, present.takes)
    except (TypeError, AttributeError, KeyError) as error:
        raise FormatError(str(error)) from None


def _without(state: Table, takes: Mapping[str, Take]) -> Table:
    """The state without branch ends and a head that are not there. The other fields are read without them anyway."""
    there = {None, *takes}
    branches = [branch if branch["tip"] in there else {**branch, "tip": None} for branch in state["branches"]]
    on_path = state["head"] in there and all(a is b for a, b in zip(branches, state["branches"], strict=True))
    return state if on_path else {**state, "branches": branches, "head": None}


def _line(entry: Mapping[str, Any]) -> bytes:
    text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _entry(line: bytes) -> Table:
    """What a line holds. Raises ValueError: it is damaged."""
    mark, _, text = line.partition(b" ")
    if mark != b"%08x" % zlib.crc32(text):
        raise ValueError("a line of the log is damaged")
    return _state(json.loads(text))
