"""Planning a download: what the hub has of a model, what of it is on this machine, and what is left to download."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from studio.catalogue.cards import ModelCard, digest
from studio.catalogue.hub.caches import find_snapshot, git_id, locate
from studio.catalogue.hub.errors import FetchError
from studio.catalogue.hub.listing import list_files
from studio.catalogue.hub.record import FetchedRepository, HubFile, HubSource, Record, read_record

INCOMING = ".incoming"
"""The folder of downloads that are not complete."""


@dataclass(frozen=True)
class Download:
    """A plan for fetching a model."""

    card: ModelCard
    folder: Path
    """Where the weights go."""
    record: Record
    """What is recorded once the plan is carried out."""
    to_link: tuple[tuple[FetchedRepository, HubFile, Path], ...]
    """Files that are complete in a cache, of parts that are not."""
    to_download: tuple[tuple[FetchedRepository, HubFile], ...]
    partial_size: int
    """Bytes that are here from downloads that were interrupted."""
    endpoint: str | None = None

    @property
    def size(self) -> int:
        """Bytes of the whole model."""
        return sum(file.size for _, file in self.record.files)

    @property
    def download_size(self) -> int:
        """Bytes of the files to download, those that were interrupted with their full size."""
        return sum(file.size for _, file in self.to_download)

    def unaccepted_sources(self) -> tuple[HubSource, ...]:
        """The sources whose licences were not accepted on this machine yet."""
        return tuple(source for source in self.card.sources if source.licence_link not in self.record.accepted)

    def accept(self, when: str) -> Download:
        """The plan, with all its licences recorded as accepted on the day `when`."""
        links = {source.licence_link: when for source in self.unaccepted_sources()}
        return replace(self, record=replace(self.record, accepted={**self.record.accepted, **links}))


def plan_download(card: ModelCard, caches: tuple[Path, ...], endpoint: str | None = None) -> Download:
    """Ask the hub which files the model consists of, and look for them on this machine. Writes nothing.

    Args:
        card: of a model with [[sources]].
        caches: caches of the hub's library to look in; see `find_caches`.
        endpoint: address of the hub, if not the one of the environment.

    Raises:
        FetchError: the hub does not answer and no cache holds the whole model, or the hub does not have what the card names.
    """
    if not card.sources or card.weights is None:
        raise FetchError(f"The weights of '{card.title}' come with its folder: there is nothing to fetch.")
    old = read_record(card.weights)
    places: dict[str, str] = {}
    linked: list[tuple[FetchedRepository, HubFile, Path]] = []
    wanted: list[tuple[FetchedRepository, HubFile]] = []
    listed = []
    for source in card.sources:
        repository = _listed(source, card.weights, old, caches, endpoint)
        listed.append(_with_sums(repository, old))
        for part in source.folders:
            files = [file for file in repository.files if file.path.startswith(f"{part}/")]
            home, at = _find_part(part, files, card.weights, repository, old, caches)
            if home:
                places[part] = str(home)
                continue
            linked += [(repository, file, path) for file, path in at.items() if path]
            wanted += [(repository, file) for file, path in at.items() if not path]
    begun = sum(size_of(partial_path(card.weights, file)) for _, file in wanted)
    return Download(card, card.weights, Record(tuple(listed), old.accepted, places), tuple(linked), tuple(wanted), begun, endpoint)


def _listed(source: HubSource, folder: Path, old: Record, caches: tuple[Path, ...], endpoint: str | None) -> FetchedRepository:
    """The files of a source: from the hub, or, if it does not answer, from the record or a complete snapshot in a cache."""
    begun = old.of(source.repository)
    try:
        return list_files(source, folder, begun, endpoint)
    except FetchError:
        if known := begun or find_snapshot(source, caches):
            return known
        raise


def _find_part(
    part: str, files: list[HubFile], folder: Path, repository: FetchedRepository, old: Record, caches: tuple[Path, ...]
) -> tuple[Path | None, dict[HubFile, Path | None]]:
    """The one folder elsewhere that holds the whole part, or else where each file is that `folder` lacks (None: nowhere)."""
    known = {(file.path, file.size, file.git) for _, file in old.files}
    if part in old.places:
        place = Path(old.places[part])
        if all(size_of(place / name_in_part(file)) == file.size and (file.path, file.size, file.git) in known for file in files):
            return place, {}
    lacking = [file for file in files if not _is_present(folder / file.path, file, (file.path, file.size, file.git) in known)]
    at = {file: locate(file, repository.repository, repository.revision, caches) for file in lacking}
    homes = {path.parent for path in at.values() if path}
    if lacking == files and None not in at.values() and len(homes) == 1:
        return homes.pop(), {}
    return None, at


def _is_present(path: Path, file: HubFile, recorded: bool) -> bool:
    """Whether the file is at `path`. A file that is not in the record is read, because its size alone proves little."""
    return path.is_file() and size_of(path) == file.size and (recorded or matches(path, file))


def matches(path: Path, file: HubFile) -> bool:
    """Whether the bytes at `path` are those that the hub describes."""
    return digest(path) == file.sha256 if file.sha256 else git_id(path) == file.git


def _with_sums(repository: FetchedRepository, old: Record) -> FetchedRepository:
    """The listing, with the checksums of small files that the record has."""
    sums = {(file.path, file.git): file.sha256 for _, file in old.files}
    files = (replace(file, sha256=file.sha256 or sums.get((file.path, file.git), "")) for file in repository.files)
    return replace(repository, files=tuple(files))


def partial_path(folder: Path, file: HubFile) -> Path:
    """Where the bytes of a download are kept until it is complete. Named by content: another file never continues it."""
    return folder / INCOMING / f"{file.sha256 or file.git}.part"


def name_in_part(file: HubFile) -> str:
    """The file's name within its part."""
    return file.path.partition("/")[2]


def size_of(path: Path) -> int:
    """Bytes at `path`; 0 if there is no file."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
