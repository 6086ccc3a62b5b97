"""What lies around the studio and can break it: folders, proxies, certificates, settings of other programs, the page's address.

Libraries read environment variables when they are imported, and fail there with errors that nobody understands. So all of it is
looked at before they are imported. A setting that the studio can do without is set aside, and a sentence says so; what it needs
and does not get is an error with the remedy. `app.py doctor` prints the same sentences. Only the standard library is imported.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from pathlib import Path

from studio.commands.variables import (
    certificate_misfits,
    gradio_misfits,
    hub_misfits,
    program_misfits,
    proxy_misfits,
    set_aside,
    temporary_misfits,
)
from studio.folders import FolderError, named_folder, write_problem

LOCAL = ("localhost", "127.0.0.1", "::1")


class SurroundingsError(Exception):
    """The command cannot run here. The message says why, and what to change."""


def projects_folder(studio: Path) -> Path:
    """The folder of projects: STUDIO_HOME, or `projects` in the folder `studio`.

    Raises:
        SurroundingsError: STUDIO_HOME is no path, or this Python cannot write names of files in every script.
    """
    if (letters := sys.getfilesystemencoding()) != "utf-8":
        raise SurroundingsError(
            f"Python takes names of files for “{letters}” here, which has no letters of most languages. "
            "Set PYTHONUTF8=1 (or choose a locale such as C.UTF-8), and start again."
        )
    try:
        return named_folder("STUDIO_HOME", studio / "projects")
    except FolderError as error:
        raise SurroundingsError(str(error)) from None


def check_projects(folder: Path, make: bool = False) -> None:
    """Check that projects can be kept in `folder`, and make it if `make` is true. Raises SurroundingsError: they cannot."""
    problem = write_problem(folder)
    if make and not problem:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            problem = f"the system says “{error.strerror or error}”"
    if problem:
        raise SurroundingsError(f"Projects cannot be kept in {folder}: {problem}. Set STUDIO_HOME to a folder that can be written.")


def weights_problem() -> str:
    """Why downloaded weights cannot be kept where STUDIO_MODELS says, in a sentence; "" if they can, or if it is not set."""
    nowhere = Path()
    try:
        folder = named_folder("STUDIO_MODELS", nowhere)
    except FolderError as error:
        return str(error)
    problem = "" if folder == nowhere.absolute() else write_problem(folder)
    return problem and f"Weights cannot be kept in {folder}: {problem}. Set STUDIO_MODELS to a folder that can be written."


def prepare_media() -> list[str]:
    """Make media be read and written. Returns a sentence for each setting that was set aside."""
    return set_aside((*program_misfits(), *temporary_misfits()))


def prepare_page(share: bool, host: str) -> list[str]:
    """Make Gradio load, reach its own page, and store uploads.

    Args:
        share: whether a public link is made, the only thing for which the page needs a proxy.
        host: address that the page is served on.

    Returns:
        A sentence for each setting that was set aside.

    Raises:
        SurroundingsError: uploads cannot be stored, or a public link is wanted and the proxy cannot be used.
    """
    notes = [*prepare_media(), *set_aside((*gradio_misfits(), *certificate_misfits(), *hub_misfits()))]
    if "SPACE_ID" not in os.environ:                            # Gradio would try every port on it, not on --host
        os.environ.pop("GRADIO_SERVER_NAME", None)
    os.environ["GRADIO_TEMP_DIR"] = str(uploads_folder())
    if share:
        for misfit in proxy_misfits():
            raise SurroundingsError(misfit.sentence)
    # Gradio asks its own page whether it is there. A proxy would be asked for it, and knows no page on this machine.
    known = [os.environ.get(name, "") for name in ("no_proxy", "NO_PROXY")]
    direct = ",".join(part for part in (*known, *LOCAL, host.strip("[]")) if part) if share else "*"
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = direct
    return notes


def uploads_folder() -> Path:
    """The folder where the page stores uploads: GRADIO_TEMP_DIR, or Gradio's own among the temporary files.

    Raises:
        SurroundingsError: it cannot be written.
    """
    try:
        usual = Path(tempfile.gettempdir()) / "gradio"
        folder = named_folder("GRADIO_TEMP_DIR", usual)
        problem = write_problem(folder)
        if problem and folder == usual:                         # it belongs to another account of this machine
            return Path(tempfile.mkdtemp(prefix="memorypack-studio-"))
    except FolderError as error:
        raise SurroundingsError(str(error)) from None
    except OSError:
        raise SurroundingsError(
            "There is no folder for temporary files that can be written. Free some space, or set TMPDIR to another folder."
        ) from None
    if problem:
        raise SurroundingsError(
            f"Uploads cannot be stored in {folder}: {problem}. Set GRADIO_TEMP_DIR to a folder that can be written."
        )
    return folder


def prepare_download() -> list[str]:
    """Make the hub's library load. Returns a sentence for each setting that was set aside.

    Raises:
        SurroundingsError: the weights cannot be kept, or HF_ENDPOINT, HF_TOKEN or a proxy cannot be used.
    """
    notes = set_aside(certificate_misfits())
    for misfit in (*proxy_misfits(), *hub_misfits()):
        raise SurroundingsError(misfit.sentence)
    if problem := weights_problem():
        raise SurroundingsError(problem)
    if "HF_ENDPOINT" in os.environ:
        os.environ["HF_ENDPOINT"] = os.environ["HF_ENDPOINT"].strip()
    return notes


def check_address(host: str, port: int | None) -> str:
    """Check that a page can be served on `host` and `port` (None: Gradio looks for a free one).

    Returns:
        The host as Gradio wants it: an IPv6 address is in brackets.

    Raises:
        SurroundingsError: there is no such address or port, or it is taken.
    """
    if port is not None and not 1 <= port <= 65535:
        raise SurroundingsError(f"{port} is no port: ports are numbers from 1 to 65535. Choose one from 1024, as in --port 7860.")
    bare = host.strip().strip("[]")
    try:
        places = socket.getaddrinfo(bare, port or 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        places = []
    problems = [_bind_problem(place) for place in places] or [OSError("there is none")]
    if None in problems:
        return f"[{bare}]" if ":" in bare else bare
    where = f"{host}, port {port}" if port else host
    if isinstance(problems[0], PermissionError):
        raise SurroundingsError(f"The studio may not be served on {where}: the system keeps it. Choose another, as --port 7860.")
    if port and any(_bind_problem((*place[:4], (place[4][0], 0, *place[4][2:]))) is None for place in places):
        raise SurroundingsError(
            f"The studio cannot be served on {where}: it is in use, perhaps by a studio that is open. Choose another --port."
        )
    raise SurroundingsError(
        f"“{host}” is no address of this machine. Leave --host away for this machine only, or use --host 0.0.0.0 for its network."
    )


def _bind_problem(place: tuple[int, int, int, str, tuple[object, ...]]) -> OSError | None:
    """What the system says against serving on an address; None: nothing."""
    family, kind, protocol, _, address = place
    try:
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":                              # on Windows it would allow a second server on one port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def problems(folder: Path) -> list[str]:
    """Sentences about everything around here that does not fit, for the doctor. Changes nothing.

    Args:
        folder: of projects.
    """
    found = [misfit.sentence for misfits in (program_misfits, temporary_misfits, gradio_misfits, certificate_misfits, proxy_misfits,
                                             hub_misfits) for misfit in misfits()]
    for check in (lambda: check_projects(folder), uploads_folder):
        try:
            check()
        except SurroundingsError as error:
            found.append(str(error))
    return [*found, *filter(None, [weights_problem()])]
