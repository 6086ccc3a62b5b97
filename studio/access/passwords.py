"""Checks a password that somebody gives at the door, and changes that of a user who is logged in."""

from __future__ import annotations

import asyncio
import logging

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from studio.access.access import Access
from studio.access.answers import read_form, refusal, too_many
from studio.access.users import PasswordError, User, UserFile, UsersError, check_password
from studio.language import sentence

log = logging.getLogger(__name__)
SLOW_SECONDS = 1.0
"""Seconds that a wrong password or token waits for its answer."""
WRONG_OLD = sentence("This is not your present password. Nothing was changed; try again.")
DIFFERENT = sentence("The new password is the present one. Choose another one; nothing was changed.")
UNSAVED = sentence("The new password could not be saved, so the present one stays. Tell whoever runs the studio.")


async def user_by_password(access: Access, name: str, password: str, address: str) -> User | None:
    """The user of a name, if this is the password; else None, after a while. The caller has counted the try."""
    try:
        user = await run_in_threadpool(access.users.find, name)
    except UsersError:
        log.exception("nobody can log in")
        user = None
    async with access.hashing:
        right = await run_in_threadpool(check_password, user, password)
    if not right or user is None:
        await asyncio.sleep(SLOW_SECONDS)
        return None
    access.limits.right(address)
    return user


async def change_password(access: Access, request: Request, name: str, address: str) -> User | Response:
    """Give a user another password, as a form asks: `old`, and `new`. Other sessions of the user end, and tokens.

    Wrong old passwords are counted as those at the door are.

    Returns:
        The user with the new password, or a refusal; then nothing has changed.
    """
    headers = request.headers
    if request.method != "POST":
        return Response(status_code=405, headers={"Allow": "POST"})
    if not isinstance(access.users, UserFile):
        return Response(status_code=404)              # the one password is given where the studio is started
    form = await read_form(request)
    old, new = form.get("old", ""), form.get("new", "")
    if wait := access.limits.login(address, name):
        return too_many(wait, headers)
    if await user_by_password(access, name, old, address) is None:
        return refusal(403, "refused", WRONG_OLD, headers)
    if old == new:
        return refusal(422, "refused", DIFFERENT, headers)
    try:
        async with access.hashing:
            return await run_in_threadpool(access.users.set_password, name, new)
    except PasswordError as error:
        return refusal(422, "refused", str(error), headers)
    except UsersError:
        log.exception("a password was not changed")
        return refusal(500, "failed", UNSAVED, headers)
