"""Model folders: the card (model.toml), and whether the files that it lists are there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from studio.catalogue.hub.record import HubSource, RecordError, read_record
from studio.folders import FolderError, named_folder
from studio.language import Sentence, join, sentence
from studio.tables import parse, parse_list, read_toml, table

CARD = "model.toml"
ADAPTER = "semantic_pack.safetensors"
"""The file of a model folder that holds its long-term memory (SemanticPack), if it has one."""
MEMORY = "memory.safetensors"
"""The same of a model whose memory was trained together with its denoiser."""
RECALL = "recall.safetensors"
"""The file of the retrieval network of the embedded model: it reads the long-term memory."""
LORA = "lora.safetensors"
"""A LoRA that is part of a model whose weights are fetched."""
PREPARED = "prepared"
"""The folder, beside the weights, of files computed from them for this machine. It may be deleted: it is made again."""


class ModelError(Exception):
    """A model folder cannot be used: the message names folder, file and remedy."""


@table
class ModelFile:
    """A file that the model folder should hold."""

    path: Annotated[str, Field(description=sentence("its name in the model's folder"))]
    size: Annotated[int, Field(ge=0, description=sentence("bytes"))]
    sha256: Annotated[str, Field(description=sentence("its checksum"))]


@table
class LargeFilms:
    """What is different about large films of a model."""

    above: Annotated[int, Field(gt=0, description=sentence("pixels of the longest side above which a film is large"))]
    fps: Annotated[int, Field(gt=0, description=sentence("frames a second, a multiple of other films'"))]


@table
class ModelCard:
    """What a model is and how it is to be used, read from model.toml."""

    folder: Path
    name: str
    title: str
    summary: str
    licence: str
    fps: int
    window: int
    """Latent frames of a section."""
    section_frames: int
    """Pixel frames of a section."""
    sizes: tuple[tuple[int, int], ...]
    """Width and height of films in pixels, see `default_size`."""
    steps: int
    guidance: float
    shift: float
    """Of the flow schedule; 0: from the token count, as FramePack does."""
    kind: str
    """Name of the family that loads it: "animatic" (the embedded one), "framepack", "helios" or "panorama"."""
    prompt_tokens: int
    large: LargeFilms | None = None
    """None: films of all sizes are alike."""
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Phrases that the model was trained on, by kind."""
    files: tuple[ModelFile, ...] = ()
    """Those of `sources` too, once they were listed by the hub."""
    sources: tuple[HubSource, ...] = ()
    """Repositories of others that parts of the model come from."""
    weights: Path | None = None
    """The folder of the parts that come from `sources`, except those in `places`."""
    places: Mapping[str, Path] = field(default_factory=dict)
    """Folders of parts that are used from elsewhere, such as a cache of the hub."""

    def is_large(self, size: tuple[int, int]) -> bool:
        """Whether films of this width and height are large ones, whose frames are views of the whole reference picture."""
        return self.large is not None and max(size) > self.large.above

    @property
    def default_size(self) -> tuple[int, int]:
        """The size of new films: the first of the large ones, or of all where there are none."""
        return next((size for size in self.sizes if self.is_large(size)), self.sizes[0])

    def clock(self, size: tuple[int, int]) -> tuple[int, int]:
        """Frames a second, and pixel frames of a section, of films of this width and height."""
        fps = self.large.fps if self.large and self.is_large(size) else self.fps
        return fps, self.section_frames * fps // self.fps

    def frames_of_latent(self, size: tuple[int, int]) -> int:
        """Pixel frames that a latent frame stands for; the first one of a section stands for fewer where they do not divide."""
        return -(-self.clock(size)[1] // self.window)

    def latents_back(self, size: tuple[int, int], frames: int) -> int:
        """How many latent frames before a film's newest one the frame is that lies `frames` before its last frame."""
        section = self.clock(size)[1]
        return frames // section * self.window + frames % section // self.frames_of_latent(size)

    def frames_back(self, size: tuple[int, int], latents: int) -> int:
        """How many of a film's newest pixel frames its newest `latents` latent frames stand for."""
        return latents // self.window * self.clock(size)[1] + latents % self.window * self.frames_of_latent(size)

    def path(self, name: str) -> Path:
        """The path of a part or a file of the model, such as "vae" or "vae/config.json"."""
        part, _, rest = name.partition("/")
        fetched = any(part in source.folders for source in self.sources)
        home = self.places.get(part) or (self.weights if fetched and self.weights else self.folder) / part
        return home / rest if rest else home

    @property
    def missing(self) -> int | None:
        """Bytes of files that are missing or of another size; None: the files of a source were not listed by the hub yet."""
        known = {file.path.partition("/")[0] for file in self.files}
        if not known.issuperset(part for source in self.sources for part in source.folders):
            return None
        return sum(file.size for file in self.files if not _has_size(self.path(file.path), file.size))

    @property
    def state(self) -> str:
        """"ready", "not fetched" (nothing of it is here) or "incomplete"."""
        if self.missing == 0:
            return "ready"
        return "incomplete" if any(self.path(file.path).is_file() for file in self.files) else "not fetched"

    @property
    def source(self) -> Sentence:
        """How the model's files are got."""
        if self.sources:
            return sentence("Get it with: python app.py models fetch {name}.", name=self.name)
        return sentence("Get the folder {name} again (git checkout, or a fresh download).", name=self.folder.name)

    @property
    def remedy(self) -> Sentence:
        """What to do when files are missing or damaged."""
        if self.sources:
            return join(self.source, sentence("What is there is kept; projects are not affected."))
        return sentence(
            "Get the folder {name} again (git checkout, or a fresh download); projects are not affected.", name=self.folder.name)

    @property
    def has_memory(self) -> bool:
        """Whether the model has a long-term memory beside the packed context."""
        return any(file.path in (ADAPTER, MEMORY) for file in self.files)


def read_card(folder: Path) -> ModelCard:
    """The card of the model in `folder`.

    Raises:
        ModelError: no card, or a key in it is missing, unknown or of the wrong type.
    """
    path = folder / CARD
    if not path.is_file():
        raise ModelError(sentence(
            "There is no {file} in {folder}. A model folder needs one; see models/memorypack-mini.", file=CARD, folder=folder))
    values = read_toml(path, ModelError)
    files = parse_list(values.pop("files", []), ModelFile, str(path), ModelError, "[[files]]")
    large = values.pop("large", None)
    sources = parse_list(values.pop("sources", []), HubSource, str(path), ModelError, "[[sources]]")
    card = parse(values, ModelCard, str(path), ModelError, folder=folder, name=folder.name, weights=None, places={})
    if large is not None:
        card = replace(card, large=parse(large, LargeFilms, str(path), ModelError, "[large]"))
    if not sources:
        return replace(card, files=files)
    try:
        record = read_record(weights_folder(folder))
    except RecordError as error:
        raise ModelError(sentence("{path}: {error}", path=path, error=str(error))) from None
    return replace(
        card,
        files=(*files, *(ModelFile(file.path, file.size, file.sha256) for _, file in record.files)),
        sources=sources,
        weights=weights_folder(folder),
        places={part: Path(place) for part, place in record.places.items()},
    )


def weights_folder(folder: Path) -> Path:
    """The folder for fetched weights of the model in `folder`: that folder, or one under STUDIO_MODELS on a larger disk.

    Raises:
        ModelError: STUDIO_MODELS is no path.
    """
    try:
        return named_folder("STUDIO_MODELS", folder.parent) / folder.name
    except FolderError as error:
        raise ModelError(str(error)) from None


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
    """Check that every file of the card is there, at its size, and, if `thorough`, with its checksum.

    Raises:
        ModelError: names the first file that is missing, truncated or changed, and what to do.
    """
    if card.state == "not fetched" and card.sources:
        raise ModelError(sentence(
            "The weights of '{model}' are not on this machine. {remedy}", model=card.title, remedy=card.remedy))
    for wanted in card.files:
        if wrong := file_problem(card, wanted, thorough):
            raise ModelError(sentence(
                "The model '{model}' is not complete: {wrong}. {remedy}", model=card.title, wrong=wrong, remedy=card.remedy))


def file_problem(card: ModelCard, wanted: ModelFile, thorough: bool = False) -> str:
    """What is wrong with one file of the model; empty if nothing is."""
    path = card.path(wanted.path)
    if not path.is_file():
        return sentence("{path} is missing", path=path)
    size = path.stat().st_size
    if size != wanted.size:
        return sentence(
            "{path} has {size:,} bytes and should have {wanted:,}: it was cut short or changed",
            path=path, size=size, wanted=wanted.size)
    if thorough and wanted.sha256 and digest(path) != wanted.sha256:
        return sentence("{path} is not the file that it should be (its checksum differs)", path=path)
    return ""


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_toml(folder: Path, paths: Iterable[str]) -> str:
    """The [[files]] tables of a card, as TOML, for files that are there."""
    return "".join(
        f'\n[[files]]\npath = "{p}"\nsize = {(folder / p).stat().st_size}\nsha256 = "{digest(folder / p)}"\n' for p in paths
    )
