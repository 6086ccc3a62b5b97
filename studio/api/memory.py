"""The functions that are about a film's memory: what is pinned, what it is worth, and what a take uses of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from studio.api.calls import Calls
from studio.api.memory_values import MemoryTest, MemoryTestProgress, MemoryUse, MemoryUseProgress
from studio.api.memory_views import memory_test_progress, memory_test_value, memory_use_progress, memory_use_value
from studio.api.values import Film


class MemoryCalls(Calls):
    """Functions on a film's memory."""

    def pin(self, film: str, take: str) -> Film:
        """Pin a take: what the memory knows of its places is never written over. Not every model and size can do this.

        Args:
            take: the take's id.
        """
        return self._change(film, "pin", take=take)

    def unpin(self, film: str, take: str) -> Film:
        """Take the pin off a take.

        Args:
            take: the take's id.
        """
        return self._change(film, "unpin", take=take)

    def memory_test(self, film: str, take: str, prompt: str | None = None) -> MemoryTest:
        """Tell what a memory test of a take would be, and its result if it was made before. Nothing is made.

        Args:
            take: the take's id.
            prompt: of the section after it; null: that of the segment planned there, or the take's own.

        Returns:
            The test.
        """
        with self._answering(film, take=take) as session:
            fields = self._fields({"take": take, "prompt": prompt})
            words = fields.text("prompt") if fields.has("prompt") else None
            return memory_test_value(session.memory_tests.offer(fields.identifier("take"), words))

    def test_memory(self, film: str, take: str, prompt: str | None = None) -> AsyncIterator[MemoryTestProgress]:
        """Ask whether the film remembers: make the section after a take with its memory, without, and with another branch's.

        No take is made. A caller that leaves does not stop it.

        Args:
            take: the take's id.
            prompt: of the section, such as one that goes back to a place from earlier; null: as memory_test says.

        Returns:
            Events, as the test goes on. The last one says how it ended, and has the result.
        """
        return self._watch(film, "test_memory", memory_test_progress, {"take": take, "prompt": prompt})

    def memory_test_events(self, film: str) -> AsyncIterator[MemoryTestProgress]:
        """Follow the memory test of a film to its end. Without a test, or after its end, there is one event.

        Returns:
            Events, as those of test_memory.
        """
        return self._watch(film, None, memory_test_progress, {})

    def cancel_memory_test(self, film: str) -> Film:
        """Stop the film's memory test within one step."""
        return self._change(film, "cancel_memory_test")

    def memory_use(self, film: str, take: str) -> MemoryUse:
        """Tell what a take uses of earlier segments if that was found out before, or what finding it out would be.

        Args:
            take: the take's id.

        Returns:
            The answer, or the question.
        """
        with self._answering(film, take=take) as session:
            return memory_use_value(session.memory_uses.offer(self._fields({"take": take}).identifier("take")))

    def measure_memory_use(self, film: str, take: str) -> AsyncIterator[MemoryUseProgress]:
        """Find out what a take uses of earlier segments: its first section is made once more without each of them.

        No take is made. A caller that leaves does not stop it.

        Args:
            take: the take's id.

        Returns:
            Events, as it goes on, with the figures that are known. The last one says how it ended.
        """
        return self._watch(film, "measure_memory_use", memory_use_progress, {"take": take})

    def memory_use_events(self, film: str) -> AsyncIterator[MemoryUseProgress]:
        """Follow the question what a take uses to its end. Without one, or after its end, there is one event.

        Returns:
            Events, as those of measure_memory_use.
        """
        return self._watch(film, None, memory_use_progress, {})

    def cancel_memory_use(self, film: str) -> Film:
        """Stop finding out what a take uses, within one step."""
        return self._change(film, "cancel_memory_use")
