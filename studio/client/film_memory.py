"""A film of a studio as every film is, and the verbs of its memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.client.connection import Connection

if TYPE_CHECKING:
    from studio.api.memory_values import MemoryMap, MemoryTest, MemoryUse
    from studio.api.values import Film as FilmValue


class OpenFilm:
    """A film whose state is known."""

    def __init__(self, client: Connection, state: FilmValue) -> None:
        """Take over a film that the studio has answered with."""
        self._client = client
        self.state = state
        self.id = state["id"]

    def status(self) -> FilmValue:
        """Ask what the film is now."""
        return self._do("status")

    def _ask(self, function: str, /, **arguments: Any) -> Any:
        return self._client.call(function, film=self.id, **arguments)

    def _do(self, function: str, /, **arguments: Any) -> FilmValue:
        self.state = self._ask(function, **arguments)
        return self.state

    def _follow(self, name: str, **arguments: Any) -> Iterator[Any]:
        return self._client.follow(name, film=self.id, **arguments)

    @staticmethod
    def _save(downloaded: str, path: str | Path) -> Path:
        return Path(shutil.move(downloaded, path))


class FilmMemory(OpenFilm):
    """What a film remembers."""

    def pin(self, take: str) -> FilmValue:
        """Let the memory keep what a take shows."""
        return self._do("pin", take=take)

    def unpin(self, take: str) -> FilmValue:
        """Take the pin off a take."""
        return self._do("unpin", take=take)

    def memory_test(self, take: str, prompt: str | None = None) -> MemoryTest:
        """What a memory test of a take would be, and its result if it was made before."""
        return self._ask("memory_test", take=take, prompt=prompt)

    def test_memory(self, take: str, prompt: str | None = None) -> Iterator[Any]:
        """Ask whether the film remembers. Yields events (`MemoryTestProgress`); the last one has the result."""
        return self._follow("test_memory", take=take, prompt=prompt)

    def memory_test_events(self) -> Iterator[Any]:
        """Follow the memory test. Yields events."""
        return self._follow("memory_test_events")

    def cancel_memory_test(self) -> FilmValue:
        """Stop the memory test."""
        return self._do("cancel_memory_test")

    def memory_use(self, take: str) -> MemoryUse:
        """What a take uses of earlier segments, or what finding it out would be."""
        return self._ask("memory_use", take=take)

    def measure_memory_use(self, take: str) -> Iterator[Any]:
        """Find out what a take uses. Yields events (`MemoryUseProgress`) with the figures that are known."""
        return self._follow("measure_memory_use", take=take)

    def memory_use_events(self) -> Iterator[Any]:
        """Follow that question. Yields events."""
        return self._follow("memory_use_events")

    def cancel_memory_use(self) -> FilmValue:
        """Stop finding out what a take uses."""
        return self._do("cancel_memory_use")

    def memory_map(self) -> MemoryMap:
        """What is remembered after the head, and what of it can be pinned and forgotten."""
        return self._ask("memory_map")

    def forget(self, segment: str, cells: Sequence[int]) -> FilmValue:
        """Let the memory forget these cells of its map before a segment, and no others."""
        return self._do("forget", segment=segment, cells=list(cells))

    def forget_take(self, take: str) -> FilmValue:
        """Let the memory read a take no more, where it is no map."""
        return self._do("forget_take", take=take)

    def remember_take(self, take: str) -> FilmValue:
        """Let a forgotten take be read again."""
        return self._do("remember_take", take=take)

    def ask_moment(self, take: str, at: int) -> Iterator[Any]:
        """Ask what is remembered of a frame's place. Yields events (`MomentProgress`); the last one has the result."""
        return self._follow("ask_moment", take=take, at=at)

    def moment_events(self) -> Iterator[Any]:
        """Follow that question. Yields events."""
        return self._follow("moment_events")

    def cancel_moment(self) -> FilmValue:
        """Stop asking the memory."""
        return self._do("cancel_moment")
