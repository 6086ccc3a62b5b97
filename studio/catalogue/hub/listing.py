"""What the hub says a source consists of: files, sizes, checksums, at one commit. It downloads no weights."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TypeVar

from huggingface_hub import HfApi
from huggingface_hub.errors import RevisionNotFoundError
from huggingface_hub.hf_api import RepoSibling

from studio.catalogue.hub.record import Fetched, HubFile, Source, is_plain_name
from studio.catalogue.hub.trouble import REFUSALS, FetchError, explain

T = TypeVar("T")
PATIENCE = 30.0  # seconds for an answer


def ask(source: Source, folder: Path, begun: Fetched | None = None, endpoint: str | None = None) -> Fetched:
    """Ask the hub for the files of `source`, at the commit that was `begun`, if the hub still has it.

    Raises:
        FetchError: there was no answer, there is no such repository, it is gated, or it does not hold the parts that the card says.
    """
    api = HfApi(endpoint=endpoint)
    try:
        try:
            found = api.model_info(
                source.repository, revision=begun.revision if begun else source.revision, files_metadata=True, timeout=PATIENCE
            )
        except RevisionNotFoundError:
            if begun is None:
                raise
            found = api.model_info(source.repository, revision=source.revision, files_metadata=True, timeout=PATIENCE)
    except REFUSALS as error:
        raise explain(error, source.repository, folder) from error
    files = select(source, {sibling.rfilename: sibling for sibling in found.siblings or []})
    return Fetched(source.repository, str(found.sha), tuple(_described(source, path, sibling) for path, sibling in files.items()))


def select(source: Source, names: dict[str, T]) -> dict[str, T]:
    """Those of a repository's files that belong to parts of the model, by their path in it.

    Raises:
        FetchError: a part has no file there.
    """
    chosen: dict[str, T] = {}
    for part, folder in source.folders.items():
        mine = {
            f"{part}/{PurePosixPath(name).name}": it
            for name, it in names.items()
            if PurePosixPath(name).parent == PurePosixPath(folder)
            and is_plain_name(PurePosixPath(name).name)
            and any(fnmatch(PurePosixPath(name).name, pattern) for pattern in source.patterns)
        }
        if not mine:
            where = "at its top" if folder == "." else f"in its folder '{folder}'"
            raise FetchError(
                f"{source.repository} has nothing for '{part}' {where}: it was changed since the model's card was written. "
                "Name a revision that still has it in the card (model.toml), or get a newer studio."
            )
        chosen |= mine
    return chosen


def _described(source: Source, path: str, sibling: RepoSibling) -> HubFile:
    size = sibling.lfs.size if sibling.lfs else sibling.size
    if size is None or sibling.blob_id is None:
        raise FetchError(f"The hub did not say how large {sibling.rfilename} of {source.repository} is. Try again later.")
    return HubFile(path, sibling.rfilename, size, sibling.lfs.sha256 if sibling.lfs else "", sibling.blob_id)
