"""Decodes the sections of a take one after the other, in one stream as far as none fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor

from studio.diffusion.codec import Codec, FrameStream
from studio.memory.snapshot import Snapshot


class SectionDecoder:
    """Decodes the sections of a take one after the other, and starts again from the snapshot where one failed."""

    def __init__(self, codec: Codec) -> None:
        """Decode with `codec`."""
        self._codec = codec
        self._stream: FrameStream | None = None

    @contextmanager
    def stream(self, before: Snapshot, psi: Tensor | None) -> Iterator[FrameStream]:
        """The stream that continues after `before`; the next section goes on with it only if the block ends without an error.

        `psi` is the long-term memory after the section.
        """
        stream, self._stream = self._stream or self._codec.stream(before.recent, before.sections, psi), None
        yield stream
        self._stream = stream
