"""Errors of the hub and of the disk while fetching, as sentences that say what happened and what to do."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import constants, errors
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from studio.catalogue.cards import ModelError
from studio.disk import FULL
from studio.disk import explain as explain_disk

KEPT = "What is there already is kept: the same command goes on from it."
TRANSPORT_ERROR: type[Exception] = errors.HTTPError  # type: ignore[attr-defined]  # of whichever HTTP library the hub's is built on


class FetchError(ModelError):
    """Weights could not be fetched; the message is for the artist."""


def explain(error: Exception, repository: str, folder: Path) -> FetchError:
    """The error of a request for `repository`, or of writing into `folder`, as one that says what to do."""
    page = f"https://huggingface.co/{repository}"
    if isinstance(error, OfflineModeIsEnabled):
        return FetchError(f"The hub is switched off here (HF_HUB_OFFLINE is set): unset it to fetch {repository}. {KEPT}")
    if isinstance(error, GatedRepoError):
        return FetchError(
            f"{repository} is gated: its owners give access to people who asked for it. Open {page} with your account, "
            f"accept the terms, log in here (`hf auth login`) and try again. {KEPT}"
        )
    if isinstance(error, RepositoryNotFoundError):
        return FetchError(
            f"The hub does not know {repository}, or does not show it to you: it was removed, renamed or made private (404). "
            f"Look at {page}; if it moved, name the new one in the model's card (model.toml). {KEPT}"
        )
    if isinstance(error, RevisionNotFoundError | RemoteEntryNotFoundError):
        return FetchError(f"The hub has {repository}, but not the revision or file asked for (404). Look at {page}. {KEPT}")
    if isinstance(error, HfHubHTTPError):
        return FetchError(_answered(error, repository))
    if isinstance(error, TRANSPORT_ERROR):
        return FetchError(
            f"The hub could not be reached, or the connection broke ({type(error).__name__}: {error}). "
            f"Check the network, a proxy or HF_ENDPOINT, and try again. {KEPT}"
        )
    if isinstance(error, OSError) and error.errno in FULL:
        remedy = f"Free some space, or set STUDIO_MODELS to a folder on another disk. {KEPT}"
        return FetchError(f"The disk of {folder} is full. {remedy}")
    if isinstance(error, OSError) and error.errno is not None:
        return FetchError(explain_disk(folder / "the weights", error))
    if isinstance(error, OSError):
        return FetchError(f"{repository} could not be fetched ({str(error).partition(chr(10))[0]}). Try again. {KEPT}")
    return FetchError(
        f"{constants.ENDPOINT} answered, but not as the hub does, when it was asked for {repository}. A portal of this network, a "
        f"proxy or a mirror may have answered instead: log in to the network, or correct or unset HF_ENDPOINT. {KEPT}"
    )


def _answered(error: HfHubHTTPError, repository: str) -> str:
    status = error.response.status_code
    if status == 429:
        return f"The hub asks to wait: too many requests from this address (429). Try again in a few minutes. {KEPT}"
    if status in (401, 403):
        return f"The hub refused {repository} ({status}). Log in again (`hf auth login`), or log out if the token is old. {KEPT}"
    return f"The hub answered with error {status} for {repository}. Try again later. {KEPT}"


def checksum_error(name: str, repository: str) -> FetchError:
    """The error for a file whose checksum is not the one that the hub gave."""
    return FetchError(
        f"{name} of {repository} did not arrive as the hub describes it: its checksum differs. It was thrown away; all other "
        "files are kept. Try again; if it happens again, something between here and the hub changes files (a proxy, a mirror in "
        "HF_ENDPOINT)."
    )
