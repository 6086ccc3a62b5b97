"""A project as one ZIP file: packed to be sent, unpacked and checked on another machine. Files from outside are not trusted.

Other programs pack a project again in their own way: without a folder around it, in two, with backslashes, and with files of
their own in it. Whatever belongs to a project is unpacked, and the rest is left out.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
import shutil
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from studio.disk import explain
from studio.language import sentence
from studio.media import MediaError, disk
from studio.project.export_log import NAME as EXPORTS
from studio.project.files import LARGEST, StoreError
from studio.project.folder_care import BACKUP, DOCUMENT, TRASH_NOTE
from studio.project.limits import fresh_id
from studio.project.model import Project
from studio.project.shelf import project_folders
from studio.project.store import Store

MEMBER = re.compile(
    rf"{'|'.join(map(re.escape, (DOCUMENT, BACKUP, EXPORTS, TRASH_NOTE)))}"
    r"|media/[0-9a-f]{16}(?:(?:-opacity)?\.png|\.video|\.m4a)"
    r"|takes/[0-9A-Za-z][0-9A-Za-z_-]{0,63}/[0-9A-Za-z_-][0-9A-Za-z._-]{0,79}\.(?:json|mp4|safetensors|webp|png)"
)
"""Files of a project, relative to its folder."""
ANCHOR = re.compile(rf"(?P<root>.*?){re.escape(DOCUMENT)}(?:\.bak)?|(?P<parent>.*?)takes/[^/]+/(?:take|asked)\.json")
"""Files by which a project's folder is found."""
COPIES = ("look-", "trim-")
"""What the names of copies of clips begin with: they are made again where they are needed."""
MAX_FILES = 200_000
"""Files of a project in a ZIP, at most: more than any film has."""
BOMB = (2**30, 100)
"""A ZIP that would be more than so many bytes, and so many times its own size, is no project: films hardly shrink."""
DAY = 24 * 3600
ENCRYPTED = 1
"""The flag of an encrypted file."""
SAMPLES = ".samples"
"""The folder of unpacked projects that others are begun with, beside the projects."""


def pack(project: Project, store: Store, out: Path, name: str) -> None:
    """Write the whole project as a ZIP: document, pictures and takes, without films and copies of clips, all in one folder `name`.

    What else lies in the project's folder, such as files of a file manager, is left out.

    Raises:
        MediaError: the disk is full or cannot be written.
    """
    files = project_files(project, store)
    size = sum(path.stat().st_size for path in files.values())
    # Files may be dated before 1980 or after 2107, which a ZIP cannot say: they get the nearest date that it can.
    with disk.atomic_write(out, size) as temporary, zipfile.ZipFile(temporary, "w", strict_timestamps=False) as archive:
        for member, path in files.items():
            compression = zipfile.ZIP_DEFLATED if path.suffix == ".json" else zipfile.ZIP_STORED
            archive.write(path, f"{name}/{member}", compression)


def project_files(project: Project, store: Store) -> dict[str, Path]:
    """The files of a project, by their paths in its folder: document, media and takes, without what can be made again."""
    takes = [p for take in project.takes for p in sorted(store.take_folder(take).glob("*")) if p.is_file()]
    notes = [path for name in (EXPORTS, TRASH_NOTE) if (path := store.folder / name).is_file()]
    found = [store.folder / DOCUMENT, *notes, *sorted(store.media.glob("*.png")),
             *sorted(store.media.glob("*.video")), *sorted(store.media.glob("*.m4a")), *takes]
    files = {path.relative_to(store.folder).as_posix(): path for path in found}
    return {member: path for member, path in files.items() if MEMBER.fullmatch(member) and not path.name.startswith(COPIES)}


def unpack(file: Path, home: Path) -> str:
    """Put the project in a ZIP on the shelf `home`; returns the name of its folder: its id, or a new one where that is taken.

    Raises:
        StoreError: the file holds no project or several, is damaged, or has files that lead out of its folder.
        MediaError: the disk is full.
    """
    if not file.is_file():
        raise StoreError(sentence("There is no file {file}. Name the ZIP of a project.", file=file))
    _remove_leftovers(home)
    incoming = home / f".incoming-{secrets.token_hex(4)}"
    try:
        with zipfile.ZipFile(file) as archive:
            members = _members(file, archive)
            home.mkdir(parents=True, exist_ok=True)
            disk.check_room(home, sum(member.file_size for member in members.values()))
            for path, member in members.items():
                _extract(archive, member, incoming / path)
        trial = Store(incoming)
        project = trial.open().project.id
        trial.close()
        while (home / project).exists():
            project = fresh_id()
        incoming.rename(home / project)
        return project
    except NotImplementedError as error:
        raise StoreError(sentence(
            "{name} is packed in a way that cannot be read here ({error}). Nothing was put on the shelf. Unzip it with the "
            "program that made it, and put the folder beside the other projects.",
            name=file.name, error=str(error))) from error
    except (zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError, EOFError, ValueError) as error:
        raise StoreError(sentence(
            "{name} is damaged ({error}). Nothing was put on the shelf; fetch the file again.",
            name=file.name, error=str(error))) from error
    except OSError as error:
        raise StoreError(explain(home / file.name, error)) from error
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def unpack_once(file: Path, home: Path) -> Path:
    """The folder of a project in a ZIP that others are begun with, beside the shelf `home`; unpacked where it was not yet.

    Not for several threads at once. Raises as `unpack` does.
    """
    with file.open("rb") as archive:
        kept = home / SAMPLES / hashlib.file_digest(archive, "sha256").hexdigest()[:16]
    return next(iter(project_folders(kept)), None) or kept / unpack(file, kept)


def _remove_leftovers(home: Path) -> None:
    """Remove what was half unpacked when the studio was killed, a day ago or earlier."""
    for folder in home.glob(".incoming-*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > DAY:
                shutil.rmtree(folder, ignore_errors=True)


def _members(file: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The project's files in the ZIP, by their paths in its folder.

    Raises:
        StoreError: there is no project in it or more than one, it is encrypted, or a file leads out of its folder.
    """
    files = {member.filename.replace("\\", "/"): member for member in archive.infolist() if not member.is_dir()}
    for name in files:
        if re.match(r"/|[A-Za-z]:", name) or ".." in name.split("/"):
            raise StoreError(sentence(
                "{name} is not a project as the studio packs it: it holds {inside}, which leads out of its folder. Nothing was "
                "put on the shelf.", name=file.name, inside=name[:80]))
    root = _root(file, files)
    members = {name[len(root) :]: member for name, member in files.items() if name.startswith(root)}
    members = {name: member for name, member in members.items() if MEMBER.fullmatch(name)}
    if any(member.flag_bits & ENCRYPTED for member in members.values()):
        raise StoreError(sentence("{name} is locked with a password. Make one without, and import that.", name=file.name))
    size, most = sum(member.file_size for member in members.values()), max(BOMB[0], BOMB[1] * file.stat().st_size)
    texts = [member.file_size for name, member in members.items() if name.endswith(".json")]
    if len(members) > MAX_FILES or size > most or max(texts, default=0) > LARGEST:
        raise StoreError(sentence(
            "{name} is not a project: it would be far larger than any film. Nothing was put on the shelf.", name=file.name))
    return members


def _root(file: Path, names: Iterable[str]) -> str:
    """The folder of the project in a ZIP, with a slash at its end; "" where it lies in no folder.

    Raises:
        StoreError: there is none, or there are several.
    """
    roots = set()
    for name in names:
        hidden = any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)
        if not hidden and (match := ANCHOR.fullmatch(name)):
            roots.add(match["root"] if match["root"] is not None else match["parent"])
    roots = {root for root in roots if not root or root.endswith("/")}
    outer = [root for root in roots if not any(root != other and root.startswith(other) for other in roots)]
    if len(outer) == 1:
        return outer[0]
    if outer:
        several = ", ".join(sorted(outer))[:120]
        raise StoreError(sentence(
            "{name} holds {number} projects ({several}). Make a ZIP of each, and import them one by one.",
            name=file.name, number=len(outer), several=several))
    raise StoreError(sentence("{name} is not a project. Choose a ZIP that was exported as a project.", name=file.name))


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    """Copy one file out, no longer than the ZIP says it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(member) as packed, path.open("xb") as target:
        shutil.copyfileobj(packed, target, 2**20)
    if path.stat().st_size != member.file_size:
        raise MediaError(sentence("{name} is not as long as it should be.", name=path.name))
