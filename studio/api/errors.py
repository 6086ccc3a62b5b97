"""What a call is refused with: a code for programs and a sentence for people."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from studio.language import join, sentence
from studio.project.limits import BusyError
from studio.project.story import StoryError
from studio.session import EditError, MediaError, Session, StoreError
from studio.ui.fields import MessageError

log = logging.getLogger(__name__)

CODES: Mapping[str, str] = {
    "bad_input": "An argument is missing, unknown, or not what it must be.",
    "not_found": "There is no such film, segment, take or branch.",
    "refused": "The studio does not do this; the sentence says why, and what to do.",
    "busy": "The film is generating. Wait for it to finish, or cancel it first.",
    "read_only": "The film is open for viewing only.",
    "file": "A file cannot be read, used or written: it is no picture, it is damaged, the disk is full.",
    "login": "Nobody is logged in, or the password or token is wrong. Only a studio with a password says this, with status 401.",
    "limit": "This was asked too often; the header Retry-After says for how many seconds to wait. Status 429.",
    "failed": "Something unexpected went wrong, or a take could not be made.",
}
"""All codes of version 1, and what they mean."""
UNEXPECTED = join(
    sentence("Something unexpected went wrong. Nothing already made is lost."),
    sentence("Try again; the log of the studio says what happened."))


class ApiError(Exception):
    """A call was refused. `code` is one of CODES; `message` is for people. Nothing was changed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def as_api_error(error: Exception, session: Session | None = None, named: Mapping[str, object] | None = None) -> ApiError:
    """The error that a caller is given for one of the studio's.

    Args:
        error: it.
        session: of the film that was asked for; None: it could not be opened, or none was asked for.
        named: the arguments of the call, by the names that the page's messages use.
    """
    match error:
        case ApiError():
            return error
        case MessageError():
            return ApiError("bad_input", sentence("This call cannot be read: {problem}. Nothing was changed.", problem=str(error)))
        case BusyError():
            return ApiError("busy", _sentence(error))
        case EditError():
            return ApiError("not_found" if session and _misses(session, named or {}) else "refused", _sentence(error))
        case StoreError() if session and session.store.read_only:
            return ApiError("read_only", _sentence(error))
        case StoreError() | MediaError() | StoryError():
            return ApiError("file", _sentence(error))
        case _:
            log.error("a call could not be answered", exc_info=error)
            return ApiError("failed", UNEXPECTED)


def _sentence(error: Exception) -> str:
    """Its sentence, which can still be said in another language."""
    return error.args[0] if error.args and isinstance(error.args[0], str) else join(str(error))


def _misses(session: Session, named: Mapping[str, object]) -> bool:
    """Whether a take, segment or branch that a call names is not in the film."""
    project = session.project
    takes, branches = set(project.takes) - set(project.trash), {branch.id for branch in project.branches}
    known: Mapping[str, set[str]] = {
        "take": takes, "left": takes, "right": takes, "branch": branches, "other": branches,
        "segment": {segment.id for segment in project.current().segments},
    }
    return any(named.get(field) is not None and named[field] not in ids for field, ids in known.items())
