"""Model folders as the page sees them: the card (model.toml) and whether its files are there. It does not load weights."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.catalogue.hub.record import Record, RecordError, Source, read_record, read_source

CARD = "model.toml"
ADAPTER = "semantic_pack.safetensors"
"""The file of a model folder that holds its long-term memory, if it has one."""
RECALL = "recall.safetensors"
"""How the embedded kind of model asks it."""
LORA = "lora.safetensors"
"""A LoRA that is part of a model whose weights are fetched."""
PREPARED = "prepared"
"""The folder beside the weights for what was made of them for this machine. It may be deleted: it is made again."""


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
    files: tuple[ModelFile, ...] = ()            # those of `sources` once the hub has told them
    sources: tuple[Source, ...] = ()             # repositories of others that parts of the model come from
    weights: Path | None = None                  # the folder that those parts lie in, if they lie nowhere else
    places: Mapping[str, Path] = field(default_factory=dict)  # parts that lie elsewhere: in a cache of the hub

    def path(self, name: str) -> Path:
        """Where a part or a file of the model lies: "vae", "vae/config.json"."""
        part, _, rest = name.partition("/")
        fetched = any(part in source.folders for source in self.sources)
        home = self.places.get(part) or (self.weights if fetched and self.weights else self.folder) / part
        return home / rest if rest else home

    @property
    def missing(self) -> int | None:
        """Bytes of files that are not there at their size; None where only the hub knows them and was not asked."""
        known = {file.path.partition("/")[0] for file in self.files}
        if not known.issuperset(part for source in self.sources for part in source.folders):
            return None
        return sum(file.size for file in self.files if not _whole(self.path(file.path), file.size))

    @property
    def state(self) -> str:
        """"ready", "not fetched" (nothing of it is here) or "incomplete"."""
        if self.missing == 0:
            return "ready"
        return "incomplete" if any(self.path(file.path).is_file() for file in self.files) else "not fetched"

    @property
    def remedy(self) -> str:
        """What to do when files are missing or damaged."""
        if self.sources:
            return f"Get it with: python app.py models fetch {self.name}. What is there is kept; projects are not affected."
        return f"Get the folder {self.folder.name} again (git checkout, or a fresh download); projects are not affected."

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
    if strangers := sorted(set(table) - set(known) - {"phrases", "files", "sources"}):
        raise ModelError(f"{path}: unknown key '{strangers[0]}'.")
    try:
        sources = tuple(read_source(entry) for entry in table.get("sources", []))
        record = read_record(weights(folder)) if sources else Record()
    except RecordError as error:
        raise ModelError(f"{path}: {error}") from None
    return ModelCard(
        folder=folder,
        name=folder.name,
        **{key: table[key] for key in known if key not in {"sizes", "guidance", "shift"}},
        sizes=tuple((int(w), int(h)) for w, h in table["sizes"]),
        guidance=float(table["guidance"]),
        shift=float(table["shift"]),
        phrases={kind: tuple(words) for kind, words in table.get("phrases", {}).items()},
        files=(
            *(_file(path, entry) for entry in table.get("files", [])),
            *(ModelFile(file.path, file.size, file.sha256) for _, file in record.files),
        ),
        sources=sources,
        weights=weights(folder) if sources else None,
        places={part: Path(place) for part, place in record.places.items()},
    )


def weights(folder: Path) -> Path:
    """Where fetched weights of the model in `folder` are kept: beside its card, or under STUDIO_MODELS on a larger disk."""
    elsewhere = os.environ.get("STUDIO_MODELS")
    return Path(elsewhere).expanduser().absolute() / folder.name if elsewhere else folder


def _file(card: Path, entry: Mapping[str, Any]) -> ModelFile:
    try:
        return ModelFile(path=entry["path"], size=int(entry["size"]), sha256=entry["sha256"])
    except (KeyError, TypeError, ValueError):
        raise ModelError(f"{card}: each of [[files]] needs path, size and sha256.") from None


def find_models(root: Path) -> tuple[tuple[ModelCard, ...], tuple[str, ...]]:
    """Cards of all model folders under `root`, and what is wrong with those that cannot be read.

    Those that ship with the studio come first, then those whose weights are fetched, each by name: the first one is the default,
    and fetching another does not change it. A folder without a card is no model.
    """
    cards, problems = [], []
    for path in sorted(root.glob(f"*/{CARD}")):
        try:
            cards.append(read_card(path.parent))
        except ModelError as error:
            problems.append(str(error))
    return tuple(sorted(cards, key=lambda card: (bool(card.sources), card.name))), tuple(problems)


def check(card: ModelCard, thorough: bool = False) -> None:
    """Hold the folder against its card: every file there, at its size, and, if `thorough`, with its checksum.

    Raises:
        ModelError: names the first file that is missing, truncated or changed, and what to do.
    """
    if card.state == "not fetched" and card.sources:
        raise ModelError(f"The weights of '{card.title}' are not on this machine. {card.remedy}")
    for wanted in card.files:
        if wrong := trouble(card, wanted, thorough):
            raise ModelError(f"The model '{card.title}' is not complete: {wrong}. {card.remedy}")


def trouble(card: ModelCard, wanted: ModelFile, thorough: bool = False) -> str:
    """What is wrong with one file of the model; empty if nothing is."""
    path = card.path(wanted.path)
    if not path.is_file():
        return f"{path} is missing"
    size = path.stat().st_size
    if size != wanted.size:
        return f"{path} has {size:,} bytes and should have {wanted.size:,}: it was cut short or changed"
    if thorough and wanted.sha256 and digest(path) != wanted.sha256:
        return f"{path} is not the file that it should be (its checksum differs)"
    return ""


def _whole(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def listing(folder: Path, paths: Iterable[str]) -> str:
    """The [[files]] tables of a card, as TOML, for files that are there."""
    return "".join(
        f'\n[[files]]\npath = "{p}"\nsize = {(folder / p).stat().st_size}\nsha256 = "{digest(folder / p)}"\n' for p in paths
    )
