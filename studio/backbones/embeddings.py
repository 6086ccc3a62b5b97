"""What prompts and pictures were read as, kept on disk by their content: a retake wakes no encoder. It knows no encoders."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, device

from studio.diffusion.backbone import Conditioning
from studio.diffusion.conditioning import Conditioner
from studio.media import MediaError
from studio.media.disk import atomic_write

LIMIT = 256
"""Embeddings kept of one model; those that were not used for longest go first. FramePack-F1's are about 6 MB each."""


class CachedConditioner:
    """A conditioner that is opened when it is first needed, and asked for everything once."""

    def __init__(self, open_: Callable[[], Conditioner], folder: Path, name: str, device: device, most: int = LIMIT) -> None:
        """`name` stands for the encoders, their weights and precision: with others, the same prompt says something else."""
        self._open, self._folder, self._name, self._device, self._most = open_, folder, name, device, most
        self._conditioner: Conditioner | None = None
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the encoders are in memory."""
        return self._conditioner is not None

    def close(self) -> None:
        """Let the encoders go; they are opened again when something new is to be read."""
        with self._lock:
            self._conditioner = None
        gc.collect()                   # hooks hold the encoders that hold them, and what lies on a card with them

    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        path = self._folder / f"{self._key(prompt, picture)}.safetensors"
        with self._lock:
            kept = self._read(path)
            if kept is None:
                if self._conditioner is None:
                    self._conditioner = self._open()
                kept = self._conditioner(prompt, picture)
                self._write(path, kept)
            return kept

    def _key(self, prompt: str, picture: Tensor) -> str:
        told = hashlib.sha256()
        for text in (self._name, prompt, str(tuple(picture.shape))):
            told.update(len(text.encode()).to_bytes(8, "big") + text.encode())
        told.update(picture.detach().float().cpu().contiguous().numpy().tobytes())
        return told.hexdigest()

    def _read(self, path: Path) -> Conditioning | None:
        """What was kept, or None: a file that is damaged is as good as none."""
        try:
            parts = load_file(path, device=str(self._device))
            kept = Conditioning(*(parts[field.name] for field in fields(Conditioning)))
        except (OSError, SafetensorError, KeyError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return kept

    def _write(self, path: Path, said: Conditioning) -> None:
        """Keep it if there is room; a film does not fail for want of it."""
        with contextlib.suppress(OSError, MediaError, SafetensorError):
            # As copies: parts that share memory cannot be saved.
            parts = {f.name: getattr(said, f.name).detach().cpu().contiguous().clone() for f in fields(Conditioning)}
            with atomic_write(path, need=sum(part.nbytes for part in parts.values())) as temporary:
                save_file(parts, temporary)
            old = sorted(self._folder.glob("*.safetensors"), key=lambda kept: kept.stat().st_mtime_ns)
            for kept in old[: -self._most]:
                kept.unlink(missing_ok=True)
