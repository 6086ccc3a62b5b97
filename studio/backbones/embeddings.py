"""A disk cache of prompt and picture embeddings, keyed by content, so that a retake need not load the encoders."""

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
"""Embeddings that are cached per model; the least recently used ones are deleted first. FramePack-F1's take about 6 MB each."""


class CachedConditioner:
    """A conditioner with a disk cache. The encoders behind it are opened when something is not in the cache. Thread-safe."""

    def __init__(
        self, open_: Callable[[], Conditioner], folder: Path, name: str, device: device, limit: int = LIMIT,
        kind: type[Conditioning] = Conditioning,
    ) -> None:
        """Nothing is opened yet.

        Args:
            open_: loads the encoders.
            folder: of the cache.
            name: of the encoders' weights and precision. It is part of the key, because other weights give other embeddings.
            device: where embeddings are returned.
            limit: number of embeddings in the cache.
            kind: class of the embeddings, all of whose fields are tensors.
        """
        self._kind = kind
        self._open, self._folder, self._name, self._device, self._limit = open_, folder, name, device, limit
        self._conditioner: Conditioner | None = None
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the encoders are in memory."""
        return self._conditioner is not None

    def close(self) -> None:
        """Free the encoders. They are opened again when something new is to be encoded."""
        with self._lock:
            self._conditioner = None
        gc.collect()                   # encoders and their hooks refer to each other, and keep GPU memory until collected

    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        """Embeddings from the cache; new ones are computed and stored. The encoders are opened only for these."""
        path = self._folder / f"{self._key(prompt, picture)}.safetensors"
        with self._lock:
            embeddings = self._read(path)
            if embeddings is None:
                if self._conditioner is None:
                    self._conditioner = self._open()
                embeddings = self._conditioner(prompt, picture)
                self._write(path, embeddings)
            return embeddings

    def _key(self, prompt: str, picture: Tensor) -> str:
        key = hashlib.sha256()
        for text in (self._name, prompt, str(tuple(picture.shape))):
            key.update(len(text.encode()).to_bytes(8, "big") + text.encode())
        key.update(picture.detach().float().cpu().contiguous().numpy().tobytes())
        return key.hexdigest()

    def _read(self, path: Path) -> Conditioning | None:
        """The stored embeddings; None where there are none or the file is damaged."""
        try:
            parts = load_file(path, device=str(self._device))
            embeddings = self._kind(*(parts[field.name] for field in fields(self._kind)))
        except (OSError, RuntimeError, SafetensorError, KeyError):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return embeddings

    def _write(self, path: Path, embeddings: Conditioning) -> None:
        """Store embeddings. A full disk is no error: they are computed again the next time."""
        with contextlib.suppress(OSError, MediaError, SafetensorError):
            # As copies: safetensors refuses tensors that share memory.
            parts = {f.name: getattr(embeddings, f.name).detach().cpu().contiguous().clone() for f in fields(self._kind)}
            with atomic_write(path, need=sum(part.nbytes for part in parts.values())) as temporary:
                save_file(parts, temporary)
            by_last_use = sorted(self._folder.glob("*.safetensors"), key=lambda stored: stored.stat().st_mtime_ns)
            for stored in by_last_use[: -self._limit]:
                stored.unlink(missing_ok=True)
