"""The artist's own image encoder, a DINO or CLIP folder, by whose features two pictures are told apart. Loads torch late.

Without one there is no measure of identity: the embedded model's encoder was trained for its own network, and on the sample
pictures it takes another picture for the same one in 30 of 72 cases.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.catalogue.cards import CARD
from studio.folders import FolderError, named_folder
from studio.language import join, sentence

VARIABLE = "STUDIO_IDENTITY"
"""The environment variable that names the encoder's folder."""
FILES = ("config.json", "preprocessor_config.json")
"""Files by which an encoder's folder is known."""

log = logging.getLogger(__name__)


class Identity:
    """An image encoder that is loaded when it is first needed. Safe to call from several threads; it runs on the processor."""

    def __init__(self, model_folders: Iterable[Path] = ()) -> None:
        """The encoder that STUDIO_IDENTITY names, or else the first one in a folder of models."""
        self._model_folders = tuple(dict.fromkeys(model_folders))
        self._lock = threading.Lock()
        self._found = False
        self._folder: Path | None = None
        self._features: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None
        self.problem = ""            # why an encoder that is there is not used, in a sentence

    @property
    def name(self) -> str:
        """The name of the encoder's folder; "" if there is none that can be used."""
        self._load()
        return self._folder.name if self._folder and self._features else ""

    def features(self, frames: Sequence[NDArray[np.uint8]]) -> tuple[float, ...]:
        """The mean features of frames [H, W, 3], each of length 1 before; () if there is no encoder."""
        self._load()
        if self._features is None:
            return ()
        with self._lock:
            found = self._features(np.stack(frames).astype(np.float32) / np.float32(255)).astype(np.float64)
        unit = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
        return tuple(np.round(unit.mean(axis=0), 6).tolist())

    def _load(self) -> None:
        """Find the encoder and load it, once."""
        with self._lock:
            if self._found:
                return
            self._found = True
            try:
                self._folder = named_folder(VARIABLE, Path()) if os.environ.get(VARIABLE, "").strip() else self._first()
                self._features = _load(self._folder) if self._folder else None
            except (FolderError, ValueError) as error:
                self.problem = join(str(error), sentence("Edges are compared instead; nothing was lost."))
            except Exception as error:           # a folder of anybody's: libraries raise whatever they like
                log.warning("the image encoder in %s cannot be loaded", self._folder, exc_info=True)
                self.problem = sentence(
                    "The image encoder in {folder} cannot be loaded ({error}). Fetch it again, or let {variable} name another "
                    "folder. Edges are compared instead; nothing was lost.",
                    folder=self._folder, error=type(error).__name__, variable=VARIABLE)

    def _first(self) -> Path | None:
        """The first folder in the folders of models that looks like an encoder's, and is no model of films."""
        folders = (folder for parent in self._model_folders if parent.is_dir() for folder in sorted(parent.iterdir()))
        return next((f for f in folders if not (f / CARD).exists() and all((f / name).is_file() for name in FILES)), None)


def _load(folder: Path) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """A function from frames [T, H, W, 3] in [0, 1] to features [T, D]. Raises ValueError: the folder has no usable encoder."""
    import torch  # the page opens without it

    from studio.engine.image_encoder import load_image_encoder

    encoder = load_image_encoder(folder)

    def features(frames: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(encoder.features(torch.from_numpy(frames).permute(0, 3, 1, 2)).float().numpy())

    return features
