"""Asking the hub for the files of a source, with sizes and checksums, at one commit."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TypeVar

from huggingface_hub import HfApi
from huggingface_hub.errors import RevisionNotFoundError
from huggingface_hub.hf_api import ModelInfo, RepoSibling

from studio.catalogue.hub.errors import FetchError, explain
from studio.catalogue.hub.record import FetchedRepository, HubFile, HubSource, is_plain_name

T = TypeVar("T")
TIMEOUT = 30.0
"""Seconds to wait for an answer."""


def list_files(
    source: HubSource, folder: Path, begun: FetchedRepository | None = None, endpoint: str | None = None
) -> FetchedRepository:
    """The files of `source` on the hub.

    Args:
        source: of the card.
        folder: of the weights; errors name it.
        begun: what was fetched of it before: the same commit is listed again, if the hub still has it.
        endpoint: address of the hub, if not the one of the environment.

    Raises:
        FetchError: there was no answer, there is no such repository, it is gated, or it does not hold the parts that the card says.
    """
    try:
        found = _ask(source, begun, endpoint)
        if not _is_commit(found.sha):
            raise ValueError("it named no commit")
        files = select(source, {sibling.rfilename: sibling for sibling in found.siblings or []})
        listed = tuple(_hub_file(source, path, sibling) for path, sibling in files.items())
        return FetchedRepository(source.repository, str(found.sha), listed)
    except FetchError:
        raise
    except Exception as error:      # the library expects the hub's own answers, and raises anything on others
        raise explain(error, source.repository, folder) from error


def _ask(source: HubSource, begun: FetchedRepository | None, endpoint: str | None) -> ModelInfo:
    api = HfApi(endpoint=endpoint)
    try:
        return api.model_info(
            source.repository, revision=begun.revision if begun else source.revision, files_metadata=True, timeout=TIMEOUT
        )
    except RevisionNotFoundError:
        if begun is None:
            raise
        return api.model_info(source.repository, revision=source.revision, files_metadata=True, timeout=TIMEOUT)


def _is_commit(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch("[0-9a-f]{40,64}", name) is not None


def select(source: HubSource, names: dict[str, T]) -> dict[str, T]:
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


def _hub_file(source: HubSource, path: str, sibling: RepoSibling) -> HubFile:
    size = sibling.lfs.size if sibling.lfs else sibling.size
    if not isinstance(size, int) or not isinstance(sibling.blob_id, str):
        raise FetchError(f"The hub did not say how large {sibling.rfilename} of {source.repository} is. Try again later.")
    return HubFile(path, sibling.rfilename, size, sibling.lfs.sha256 if sibling.lfs else "", sibling.blob_id)
