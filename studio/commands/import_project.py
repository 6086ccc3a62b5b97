"""`app.py import`: puts a project that was exported as a ZIP beside the others, without the page."""

from __future__ import annotations

import sys
from pathlib import Path

from studio.session import MediaError, StoreError
from studio.session.project_zip import unpack


def import_project(file: Path, home: Path) -> int:
    """Unpack the project in `file` into the folder of all projects, and say where it lies. Returns the process's exit status."""
    try:
        project = unpack(file, home)
    except (StoreError, MediaError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"This file cannot be read ({error.strerror or error}). Name the ZIP of a project.\n")
        return 1
    sys.stderr.write(f"Imported as {home / project}. It is in the studio's list of films.\n")
    return 0
