"""Where a model's parts come from (`[[sources]]` of its card), and the record of what was fetched (fetched.json)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from studio.language import sentence
from studio.media.disk import atomic_write
from studio.tables import table

RECORD = "fetched.json"
"""The record's file, in the folder of the weights. Sizes and checksums in it are the hub's own, never ours."""
VERSION = 1
PATTERNS = ("*.json", "*.safetensors", "*.txt")
"""The files of a part that libraries read; readmes, other frameworks' weights and pickles are not fetched."""


class RecordError(Exception):
    """A record cannot be read: the message says where and why."""


def is_plain_name(name: str) -> bool:
    """Whether a file of this name stays in its folder on every system."""
    return name not in ("", ".", "..") and not set(name) & set('/\\:')


def _check_parts(folders: Mapping[str, str]) -> Mapping[str, str]:
    if not all(map(is_plain_name, folders)):
        raise ValueError("it maps parts of the model (plain names) to folders of the repository.")
    return folders


def _check_path(path: str) -> str:
    if not all(map(is_plain_name, path.split("/"))):
        raise ValueError("a path leads out of the folder")
    return path


@table
class HubSource:
    """A repository on the hub, the parts of the model that it holds, and its licence."""

    repository: Annotated[str, Field(min_length=1, description=sentence("text: owner/name"))]
    folders: Annotated[
        Mapping[str, str],
        Field(min_length=1, description=sentence("a table: parts of the model, and their folders in the repository")),
        AfterValidator(_check_parts)]
    """Part of the model -> folder in the repository; "." is its top."""
    licence: Annotated[str, Field(min_length=1)]
    licence_link: Annotated[str, Field(min_length=1)]
    notice: Annotated[str, Field(description=sentence("text"))] = ""
    """What people should know of the licence before they accept it."""
    revision: Annotated[str, Field(description=sentence("text: a branch, tag or commit"))] = "main"
    patterns: Annotated[tuple[str, ...], Field(description=sentence("a list of file name patterns"))] = PATTERNS


@table
class HubFile:
    """A file of a repository, as the hub describes it."""

    path: Annotated[str, AfterValidator(_check_path)]
    """In the model's folder: "vae/config.json"."""
    name: str
    """In the repository."""
    size: int
    sha256: str
    """From the hub for large files. For small ones it is computed after the Git id was checked, and "" before."""
    git: str
    """Git's id of the file (of large files: of their pointer)."""


@table
class FetchedRepository:
    """The files of one repository, at one commit."""

    repository: str
    revision: str
    files: tuple[HubFile, ...]


@table
class Record:
    """What is known of a model's weights on this machine."""

    repositories: tuple[FetchedRepository, ...] = ()
    accepted: Mapping[str, str] = field(default_factory=dict)
    """Link of a licence -> when it was accepted."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Part of the model -> folder of a cache that it is used from."""
    version: int = VERSION

    @property
    def files(self) -> Iterator[tuple[FetchedRepository, HubFile]]:
        """Every file, with its repository."""
        return ((repository, file) for repository in self.repositories for file in repository.files)

    def of(self, repository: str) -> FetchedRepository | None:
        """What was fetched of a repository; None: nothing."""
        return next((known for known in self.repositories if known.repository == repository), None)


_RECORD = TypeAdapter(Record)
_AGAIN = sentence("Delete it and fetch the model again: files that are complete are found and kept.")


def read_record(folder: Path) -> Record:
    """What was fetched into `folder`; an empty record if nothing was.

    Raises:
        RecordError: the record is damaged, or of another version.
    """
    path = folder / RECORD
    try:
        text = path.read_text("utf-8")
        values: Any = json.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        return Record()
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError(sentence("{path} cannot be read ({error}). {again}", path=path, error=str(error), again=_AGAIN)) from None
    if isinstance(values, dict) and values.get("version") != VERSION:
        raise RecordError(sentence("{path} was written by another version of the studio. {again}", path=path, again=_AGAIN))
    try:
        return _RECORD.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise RecordError(sentence(
            "{path} is damaged ({key}: {problem}). {again}",
            path=path, key=".".join(map(str, first["loc"])), problem=first["msg"], again=_AGAIN)) from None


def write_record(record: Record, folder: Path) -> None:
    """Write the record into `folder`.

    Raises:
        MediaError: the disk is full or the folder cannot be written.
    """
    with atomic_write(folder / RECORD) as temporary:
        temporary.write_text(json.dumps(asdict(record), indent=1) + "\n", "utf-8")


def format_bytes(count: int) -> str:
    """A number of bytes for people, in decimal units, as disks and the hub count them."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
