"""A project as one ZIP file: packed to be sent, unpacked and checked on another machine. Files from outside are not trusted."""

from __future__ import annotations

import re
import secrets
import shutil
import zipfile
from pathlib import Path

from studio.disk import explain
from studio.media import MediaError, disk
from studio.project.files import StoreError
from studio.project.limits import fresh_id
from studio.project.model import Project
from studio.project.store import DOCUMENT, Store

MEMBER_NAME = re.compile(
    r"[^/\\:]+/(project\.json|media/[0-9a-f]{16}\.png|takes/[0-9A-Za-z_-]{1,64}/[0-9A-Za-z_-][0-9A-Za-z._-]{0,63})"
)
MAX_FILES = 200_000
"""Files in a ZIP, at most: more than any film has."""


def pack(project: Project, store: Store, out: Path, name: str) -> None:
    """Write the whole project as a ZIP: document, pictures and takes, without films, all in one folder `name`.

    Raises:
        MediaError: the disk is full or cannot be written.
    """
    takes = [p for take in project.takes for p in sorted(store.take_folder(take).glob("*")) if p.is_file()]
    files = [store.folder / DOCUMENT, *sorted(store.media.glob("*.png")), *takes]
    size = sum(path.stat().st_size for path in files)
    with disk.atomic_write(out, size) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for path in files:
            compression = zipfile.ZIP_DEFLATED if path.suffix == ".json" else zipfile.ZIP_STORED
            archive.write(path, f"{name}/{path.relative_to(store.folder).as_posix()}", compression)


def unpack(file: Path, home: Path) -> str:
    """Put the project in a ZIP on the shelf `home`; returns its id, which is a new one where the old one is taken.

    Raises:
        StoreError: the file is no project, is damaged, or contains a file that no project has.
        MediaError: the disk is full.
    """
    incoming = home / f".incoming-{secrets.token_hex(4)}"
    try:
        with zipfile.ZipFile(file) as archive:
            members = _checked_members(file, archive)
            home.mkdir(parents=True, exist_ok=True)
            disk.check_room(home, sum(member.file_size for member in members))
            for member in members:
                _extract(archive, member, incoming / member.filename.split("/", 1)[1])
        trial = Store(incoming)
        project = trial.open().project.id
        trial.close()
        while (home / project).exists():
            project = fresh_id()
        incoming.rename(home / project)
        return project
    except (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
        raise StoreError(f"{file.name} is damaged ({error}). Nothing was put on the shelf; fetch the file again.") from error
    except OSError as error:
        raise StoreError(explain(home / file.name, error)) from error
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _checked_members(file: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files in the ZIP. Raises StoreError: one of them does not belong to a project, or none is the document."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    foreign = next((member.filename for member in members if not MEMBER_NAME.fullmatch(member.filename)), None)
    roots = {member.filename.split("/", 1)[0] for member in members}
    if foreign or len(roots) != 1 or len(members) > MAX_FILES or f"{next(iter(roots))}/{DOCUMENT}" not in archive.namelist():
        found = f" (it holds {foreign[:80]})" if foreign else ""
        raise StoreError(f"{file.name} is not a project{found}. Choose a ZIP that was exported as a project.")
    return members


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    """Copy one file out, no longer than the ZIP says it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as packed, path.open("xb") as target:
        shutil.copyfileobj(packed, target, 2**20)
    if path.stat().st_size != member.file_size:
        raise MediaError(f"{path.name} is not as long as it should be.")
