"""Failures in words: each names what happened and what to do, and none of them is a bare exception."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import torch

from studio.catalogue.cards import ModelError
from studio.diffusion.section import NotFiniteError
from studio.engine.failures import KEPT, explain
from studio.media import MediaError
from studio.memory.snapshot import SnapshotError
from studio.placement.reduction import CannotReduceError
from tests.engine.conftest import Ask


@pytest.mark.parametrize(
    ("error", "happened", "remedy"),
    [
        (MediaError("clip.mp4 is damaged."), "clip.mp4 is damaged.", ""),
        (SnapshotError("snapshot.safetensors is missing."), "snapshot.safetensors is missing.", ""),
        (ModelError("transformer is cut short."), "transformer is cut short.", ""),
        (NotFiniteError(), "not numbers", "another seed"),
        (torch.OutOfMemoryError("CUDA"), "not enough memory for the model and a section at 64 x 32", "use the graphics card."),
        (MemoryError(), "not enough memory", "use memory."),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"), "not enough memory", "use memory."),
        (RuntimeError("unable to mmap 9 bytes from file </x>: Cannot allocate memory (12)"), "not enough memory", "use memory."),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full", "Free some space"),
        (OSError(errno.EDQUOT, "Quota exceeded"), "disk is full", "Free some space"),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot be written", "Allow writing"),
        (OSError(errno.EROFS, "Read-only file system"), "cannot be written", "move the project"),
        (ZeroDivisionError("by nothing"), "ZeroDivisionError: by nothing", "report this text"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_happened_and_what_to_do(error: Exception, happened: str, remedy: str, ask: Ask) -> None:
    message, do = explain(error, ask())
    assert happened in message and remedy in do
    assert do.endswith(KEPT), "an artist always hears what became of the work"


def test_the_folder_that_refuses_is_named(ask: Ask, tmp_path: Path) -> None:
    for number in (errno.ENOSPC, errno.EACCES):
        assert str(tmp_path / "a") in explain(OSError(number, "no"), ask())[0]


def test_the_next_smaller_size_of_the_model_is_named(ask: Ask) -> None:
    sizes = ((320, 192), (192, 320), (256, 256), (64, 64))
    _, do = explain(torch.OutOfMemoryError("CUDA"), ask(size=(256, 256)), sizes)
    assert do == f"Close other programs that use the graphics card, or choose the size 320 x 192. {KEPT}"
    assert "choose" not in explain(torch.OutOfMemoryError("CUDA"), ask(size=(64, 64)), sizes)[1], "there is none"


def test_a_model_that_cannot_become_leaner_says_what_would_help(ask: Ask) -> None:
    told = explain(CannotReduceError("The card is full.", "Choose the size 64 x 32."), ask())
    assert told == ("The card is full.", f"Choose the size 64 x 32. {KEPT}")
