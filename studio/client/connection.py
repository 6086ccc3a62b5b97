"""The way to a studio: calls its functions over Gradio's API, and tells errors as `StudioError`."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from gradio_client import Client as GradioClient
from gradio_client import handle_file
from gradio_client.exceptions import AppError, AuthenticationError

if TYPE_CHECKING:
    from studio.api.values import Progress

UNREACHABLE = "unreachable"


class StudioError(Exception):
    """A call was refused, or a job failed.

    Attributes:
        code: a short word for programs, see `docs/api.md`; "unreachable" where the studio does not answer.
        message: what happened and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Connection:
    """A studio at an address."""

    def __init__(
        self, address: str, language: str = "en", *, user: str = "", password: str | None = None, token: str | None = None
    ) -> None:
        """Connect.

        Args:
            address: of the studio.
            language: of its sentences, such as "de".
            user, password: where the studio asks for them; one that has a password and no users asks for no name.
            token: instead of them, one that `app.py users token` made.

        Raises:
            StudioError: it does not answer, or lets nobody in with these.
        """
        self.language = language
        self._files = tempfile.TemporaryDirectory(prefix="studio-")
        try:
            certificates: Any = httpx.create_ssl_context()      # for all requests: reading them anew takes each 20 ms
            self._client = GradioClient(
                address, verbose=False, analytics_enabled=False, download_files=self._files.name, ssl_verify=certificates,
                auth=None if password is None else (user, password),
                headers=None if token is None else {"Authorization": f"Bearer {token}"},
            )  # fmt: skip
        except AuthenticationError as error:
            sentence = f"The studio at {address} asks for a password or a token, and {_given(password, token)}."
            raise StudioError("login", sentence) from error
        except Exception as error:
            sentence = f"There is no studio at {address} ({error}). Start it, or look at the address."
            raise StudioError(UNREACHABLE, sentence) from error

    def call(self, function: str, /, **arguments: Any) -> Any:
        """Call a function by its name. Raises StudioError: it was refused."""
        try:
            return self._client.predict(api_name=f"/v1_{function}", language=self.language, **arguments)
        except Exception as error:
            raise _as_studio_error(error) from error

    def follow(self, function: str, /, **arguments: Any) -> Iterator[Progress]:
        """Call a function that returns events: it has begun when this returns.

        Raises:
            StudioError: it was refused; or, while it is followed, the job failed.
        """
        try:
            job = self._client.submit(api_name=f"/v1_{function}", language=self.language, **arguments)
        except Exception as error:
            raise _as_studio_error(error) from error
        events = self._events(job)
        return itertools.chain([next(events)], events)

    def _events(self, job: Any) -> Iterator[Progress]:
        last: Progress | None = None
        for event in job:
            last = event
            yield event
        if error := job.exception():
            raise _as_studio_error(error) from error
        if last and last["state"] == "failed":
            raise StudioError("failed", last["message"])


def _given(password: str | None, token: str | None) -> str:
    return "none was given" if password is None and token is None else "this one is wrong"


def upload(path: str | Path) -> Any:
    """A file of this machine as an argument: it is uploaded. Raises StudioError: it is not there."""
    if not Path(path).is_file():
        raise StudioError("file", f"There is no file {path}. Nothing was changed.")
    return handle_file(str(path))


def _as_studio_error(error: BaseException) -> StudioError:
    if isinstance(error, StudioError):
        return error
    if isinstance(error, AppError):
        return StudioError(error.title, error.message) if error.title != "Error" else StudioError("failed", error.message)
    if isinstance(error, TypeError | ValueError):      # an argument that the function does not have
        return StudioError("bad_input", str(error))
    return StudioError(UNREACHABLE, f"The studio does not answer ({error}).")
