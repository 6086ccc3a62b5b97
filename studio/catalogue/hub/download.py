"""What fetching a model comes to: what the hub has, what of it is on this machine, what is to be downloaded. It changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from studio.catalogue.cards import ModelCard, digest
from studio.catalogue.hub.found import git_id, locate, whole_snapshot
from studio.catalogue.hub.listing import ask
from studio.catalogue.hub.record import Fetched, HubFile, Record, Source, read_record
from studio.catalogue.hub.trouble import FetchError

INCOMING = ".incoming"
"""The folder of what is being downloaded."""


@dataclass(frozen=True)
class Download:
    """What fetching a model comes to."""

    card: ModelCard
    folder: Path                                             # where the weights go
    record: Record                                           # what will be true afterwards
    linked: tuple[tuple[Fetched, HubFile, Path], ...]        # whole in a cache, though the rest of their part is not
    wanted: tuple[tuple[Fetched, HubFile], ...]              # to be downloaded
    begun: int                                               # bytes that are here from downloads that were cut
    endpoint: str | None = None

    @property
    def size(self) -> int:
        """Bytes of the whole model."""
        return sum(file.size for _, file in self.record.files)

    @property
    def coming(self) -> int:
        """Bytes of the files to be downloaded, with those that were begun."""
        return sum(file.size for _, file in self.wanted)

    def unaccepted(self) -> tuple[Source, ...]:
        """The sources whose licences nobody accepted here yet."""
        return tuple(source for source in self.card.sources if source.licence_link not in self.record.accepted)

    def accepted(self, when: str) -> Download:
        """The plan, with all its licences accepted on the day `when`."""
        links = {source.licence_link: when for source in self.unaccepted()}
        return replace(self, record=replace(self.record, accepted={**self.record.accepted, **links}))


def plan_download(card: ModelCard, among: tuple[Path, ...], endpoint: str | None = None) -> Download:
    """Ask the hub what the model consists of, and look what of it is here. Writes nothing.

    Args:
        among: caches to look in.
        endpoint: address of the hub, if not the one of the environment.

    Raises:
        FetchError: the hub does not answer (and no cache has all), or has not what the card says.
    """
    if not card.sources or card.weights is None:
        raise FetchError(f"The weights of '{card.title}' come with its folder: there is nothing to fetch.")
    old = read_record(card.weights)
    places: dict[str, str] = {}
    linked: list[tuple[Fetched, HubFile, Path]] = []
    wanted: list[tuple[Fetched, HubFile]] = []
    listed = []
    for source in card.sources:
        repository = _listed(source, card.weights, old, among, endpoint)
        listed.append(_with_sums(repository, old))
        for part in source.folders:
            files = [file for file in repository.files if file.path.startswith(f"{part}/")]
            home, at = _look(part, files, card.weights, repository, old, among)
            if home:
                places[part] = str(home)
                continue
            linked += [(repository, file, path) for file, path in at.items() if path]
            wanted += [(repository, file) for file, path in at.items() if not path]
    begun = sum(size_of(incoming(card.weights, file)) for _, file in wanted)
    return Download(card, card.weights, Record(tuple(listed), old.accepted, places), tuple(linked), tuple(wanted), begun, endpoint)


def _listed(source: Source, folder: Path, old: Record, among: tuple[Path, ...], endpoint: str | None) -> Fetched:
    """What a source consists of: as the hub says, or, if it does not, as the record or a whole snapshot in a cache does."""
    begun = old.of(source.repository)
    try:
        return ask(source, folder, begun, endpoint)
    except FetchError:
        if known := begun or whole_snapshot(source, among):
            return known
        raise


def _look(
    part: str, files: list[HubFile], folder: Path, repository: Fetched, old: Record, among: tuple[Path, ...]
) -> tuple[Path | None, dict[HubFile, Path | None]]:
    """Where a part lies if it is whole in one place elsewhere; else where each file lies that is not in `folder`."""
    known = {(file.path, file.size, file.git) for _, file in old.files}
    if part in old.places:
        place = Path(old.places[part])
        if all(size_of(place / base(file)) == file.size and (file.path, file.size, file.git) in known for file in files):
            return place, {}
    lacking = [file for file in files if not _here(folder / file.path, file, (file.path, file.size, file.git) in known)]
    at = {file: locate(file, repository.repository, repository.revision, among) for file in lacking}
    homes = {path.parent for path in at.values() if path}
    if lacking == files and None not in at.values() and len(homes) == 1:
        return homes.pop(), {}
    return None, at


def _here(path: Path, file: HubFile, recorded: bool) -> bool:
    """Whether the file lies at `path`. One that we did not put there is read: its size alone says little."""
    return path.is_file() and size_of(path) == file.size and (recorded or right(path, file))


def right(path: Path, file: HubFile) -> bool:
    """Whether the bytes at `path` are those that the hub describes."""
    return digest(path) == file.sha256 if file.sha256 else git_id(path) == file.git


def _with_sums(repository: Fetched, old: Record) -> Fetched:
    """The listing, with the checksums of small files that were taken before."""
    sums = {(file.path, file.git): file.sha256 for _, file in old.files}
    files = (replace(file, sha256=file.sha256 or sums.get((file.path, file.git), "")) for file in repository.files)
    return replace(repository, files=tuple(files))


def incoming(folder: Path, file: HubFile) -> Path:
    """What came of the file so far; named by its content, so that it is never continued with another."""
    return folder / INCOMING / f"{file.sha256 or file.git}.part"


def base(file: HubFile) -> str:
    """The file's name within its part."""
    return file.path.partition("/")[2]


def size_of(path: Path) -> int:
    """Bytes at `path`; 0 if there is no file."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
