"""`app.py import`: puts a project that was exported as a ZIP beside the others, without the page."""

from __future__ import annotations

from pathlib import Path

from studio.commands.guard import complain, say
from studio.session import MediaError, StoreError
from studio.session.project_zip import unpack


def import_project(file: Path, home: Path) -> int:
    """Unpack the project in `file` into the folder of all projects, and say where it lies. Returns the process's exit status."""
    try:
        project = unpack(file, home)
    except (StoreError, MediaError) as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"This file cannot be read ({error.strerror or error}). Name the ZIP of a project.")
    say(f"Imported as {home / project}. It is in the studio's list of films.")
    return 0
