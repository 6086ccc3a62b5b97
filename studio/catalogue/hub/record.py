"""Where a model's parts come from (`[[sources]]` of its card), and what was fetched of them. It asks nobody and loads nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

RECORD = "fetched.json"
"""Lies beside the weights. Sizes and checksums in it are the hub's own, never ours."""
VERSION = 1
PATTERNS = ("*.json", "*.safetensors", "*.txt")
"""What libraries read of a part; readmes, other frameworks' weights and pickles are left where they are."""


class RecordError(Exception):
    """A source or a record cannot be read: the message says where and why."""


@dataclass(frozen=True)
class Source:
    """A repository on the hub, the parts of the model that it holds, and the licence it is under."""

    repository: str                      # owner/name
    folders: Mapping[str, str]           # part of the model -> folder in the repository; "." is its top
    licence: str
    licence_link: str
    notice: str = ""                     # what one should know of the licence before accepting it
    revision: str = "main"               # branch, tag or commit
    patterns: tuple[str, ...] = PATTERNS


@dataclass(frozen=True)
class HubFile:
    """A file of a repository, as the hub describes it."""

    path: str          # in the model's folder: "vae/config.json"
    name: str          # in the repository
    size: int
    sha256: str        # the hub tells it of large files; of small ones it is taken once their Git id was right, and "" before
    git: str           # Git's id of the file (of large files: of their pointer)


@dataclass(frozen=True)
class Fetched:
    """The files of one repository, at one commit."""

    repository: str
    revision: str
    files: tuple[HubFile, ...]


@dataclass(frozen=True)
class Record:
    """What is known of a model's weights on this machine."""

    repositories: tuple[Fetched, ...] = ()
    accepted: Mapping[str, str] = field(default_factory=dict)    # link of a licence -> when it was accepted
    places: Mapping[str, str] = field(default_factory=dict)      # part -> folder of a cache that it is used from

    @property
    def files(self) -> Iterator[tuple[Fetched, HubFile]]:
        return ((repository, file) for repository in self.repositories for file in repository.files)

    def of(self, repository: str) -> Fetched | None:
        return next((known for known in self.repositories if known.repository == repository), None)


def plain(name: object) -> bool:
    """Whether `name` stays in its folder on every system."""
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & set('/\\:')


def read_source(entry: Mapping[str, Any]) -> Source:
    """A `[[sources]]` table of a card.

    Raises:
        RecordError: a key is missing, unknown or of the wrong type.
    """
    wanted: dict[str, type] = {"repository": str, "folders": dict, "licence": str, "licence_link": str}
    optional: dict[str, type] = {"notice": str, "revision": str, "patterns": list}
    for key, kind in wanted.items():
        if not isinstance(entry.get(key), kind) or not entry[key]:
            raise RecordError(f"each of [[sources]] needs '{key}' ({'a table' if kind is dict else 'text'}).")
    for key, kind in optional.items():
        if key in entry and not isinstance(entry[key], kind):
            raise RecordError(f"'{key}' of [[sources]] is of the wrong type.")
    if strangers := sorted(set(entry) - set(wanted) - set(optional)):
        raise RecordError(f"unknown key '{strangers[0]}' in [[sources]].")
    if not all(plain(part) and isinstance(folder, str) for part, folder in entry["folders"].items()):
        raise RecordError("'folders' of [[sources]] maps parts of the model (plain names) to folders of the repository.")
    return Source(**{**entry, "patterns": tuple(entry.get("patterns", PATTERNS))})


def read_record(folder: Path) -> Record:
    """What was fetched into `folder`; an empty record if nothing was.

    Raises:
        RecordError: the record is damaged.
    """
    path = folder / RECORD
    try:
        table = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Record()
    except (OSError, ValueError) as error:
        raise RecordError(f"{path} cannot be read ({error}). {_AGAIN}") from None
    try:
        if table["version"] != VERSION:
            raise RecordError(f"{path} was written by another version of the studio. {_AGAIN}")
        return Record(
            repositories=tuple(_fetched(entry) for entry in table["repositories"]),
            accepted=dict(table["accepted"]),
            places={str(part): str(place) for part, place in table["places"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(f"{path} is damaged ({type(error).__name__}: {error}). {_AGAIN}") from None


def as_text(record: Record) -> str:
    """The record as JSON."""
    table = {
        "version": VERSION,
        "accepted": dict(record.accepted),
        "places": dict(record.places),
        "repositories": [asdict(repository) for repository in record.repositories],
    }
    return json.dumps(table, indent=1) + "\n"


def gigabytes(count: int) -> str:
    """Bytes for people: decimal units, as disks and the hub count them."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


_AGAIN = "Delete it and fetch the model again: files that are whole are found and kept."


def _fetched(entry: Mapping[str, Any]) -> Fetched:
    files = tuple(HubFile(**file) for file in entry["files"])
    if any(not all(map(plain, file.path.split("/"))) or not isinstance(file.size, int) for file in files):
        raise ValueError("a path or a size in it is not one")
    return Fetched(str(entry["repository"]), str(entry["revision"]), files)
