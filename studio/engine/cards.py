"""Model folders as the page sees them: the card (model.toml) and whether its files are there. It does not load weights."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CARD = "model.toml"
ADAPTER = "semantic_pack.safetensors"
"""The file of a model folder that holds its long-term memory, if it has one."""


class ModelError(Exception):
    """A model folder cannot be used: the message names folder, file and remedy."""


@dataclass(frozen=True)
class ModelFile:
    """A file of the model folder, as it should be."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class ModelCard:
    """What a model is and how it wants to be used, read from model.toml."""

    folder: Path
    name: str
    title: str
    summary: str
    licence: str
    fps: int
    window: int                                  # latent frames per section
    section_frames: int                          # pixel frames per section
    sizes: tuple[tuple[int, int], ...]           # width, height in pixels; the first one is the default
    steps: int
    guidance: float
    shift: float                                 # of the flow schedule; 0: from the token count, as FramePack does
    kind: str                                    # "animatic" (the embedded one) or "framepack"
    prompt_tokens: int
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # what it understands, by kind
    files: tuple[ModelFile, ...] = ()

    @property
    def remembers(self) -> bool:
        """Whether it has a long-term memory (SemanticPack) beside the packed context."""
        return any(file.path == ADAPTER for file in self.files)


def read_card(folder: Path) -> ModelCard:
    """The card of the model in `folder`.

    Raises:
        ModelError: no card, or a key in it is missing, unknown or of the wrong type.
    """
    path = folder / CARD
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise ModelError(f"There is no {CARD} in {folder}. A model folder needs one; see models/memorypack-mini.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from None
    known = {
        "title": str, "summary": str, "licence": str, "fps": int, "window": int, "section_frames": int, "sizes": list,
        "steps": int, "guidance": (int, float), "shift": (int, float), "kind": str, "prompt_tokens": int,
    }
    for key, kind in known.items():
        if not isinstance(table.get(key), kind):  # type: ignore[arg-type]
            raise ModelError(f"{path}: '{key}' is missing or of the wrong type.")
    if strangers := sorted(set(table) - set(known) - {"phrases", "files"}):
        raise ModelError(f"{path}: unknown key '{strangers[0]}'.")
    return ModelCard(
        folder=folder,
        name=folder.name,
        **{key: table[key] for key in known if key not in {"sizes", "guidance", "shift"}},
        sizes=tuple((int(w), int(h)) for w, h in table["sizes"]),
        guidance=float(table["guidance"]),
        shift=float(table["shift"]),
        phrases={kind: tuple(words) for kind, words in table.get("phrases", {}).items()},
        files=tuple(_file(path, entry) for entry in table.get("files", [])),
    )


def _file(card: Path, entry: Mapping[str, Any]) -> ModelFile:
    try:
        return ModelFile(path=entry["path"], size=int(entry["size"]), sha256=entry["sha256"])
    except (KeyError, TypeError, ValueError):
        raise ModelError(f"{card}: each of [[files]] needs path, size and sha256.") from None


def find_models(root: Path) -> tuple[tuple[ModelCard, ...], tuple[str, ...]]:
    """Cards of all model folders under `root`, by name, and what is wrong with those that cannot be read.

    A folder without a card is no model.
    """
    cards, problems = [], []
    for path in sorted(root.glob(f"*/{CARD}")):
        try:
            cards.append(read_card(path.parent))
        except ModelError as error:
            problems.append(str(error))
    return tuple(cards), tuple(problems)


def check(card: ModelCard, thorough: bool = False) -> None:
    """Hold the folder against its card: every file there, at its size, and, if `thorough`, with its checksum.

    Raises:
        ModelError: names the first file that is missing, truncated or changed, and what to do.
    """
    for wanted in card.files:
        path = card.folder / wanted.path
        remedy = f"Get the folder {card.folder.name} again (git checkout, or a fresh download); projects are not affected."
        if not path.is_file():
            raise ModelError(f"The model '{card.title}' is not complete: {path} is missing. {remedy}")
        size = path.stat().st_size
        if size != wanted.size:
            raise ModelError(f"{path} has {size:,} bytes and should have {wanted.size:,}: it was cut short or changed. {remedy}")
        if thorough and digest(path) != wanted.sha256:
            raise ModelError(f"{path} is not the file its card names (its checksum differs). {remedy}")


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def listing(folder: Path, paths: Iterable[str]) -> str:
    """The [[files]] tables of a card, as TOML, for files that are there."""
    return "".join(
        f'\n[[files]]\npath = "{p}"\nsize = {(folder / p).stat().st_size}\nsha256 = "{digest(folder / p)}"\n' for p in paths
    )
