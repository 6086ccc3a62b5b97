"""`app.py export`: the film of a project as a file for another program, without the page."""

from __future__ import annotations

import argparse
import shutil
import zipfile
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from studio.catalogue.cards import find_models
from studio.commands.guard import complain, say
from studio.disk import explain
from studio.engine.engine import Engine
from studio.media import disk
from studio.project.shelf import address, find_projects
from studio.session import EditError, MediaError, Session, StoreError, Studio
from studio.session.exports.exports import Options

RATES = (1, 240)
"""The lowest and the highest frame rate."""


def export(options: argparse.Namespace, models: Path, home: Path) -> int:
    """Export the film that `options` name, up to the take at which its artist left it. Returns the process's exit status."""
    try:
        wanted = _wanted(options)
        session = _session(options.project, models, home)
        exported = session.exports.make(options.kind, wanted)
        out = options.output or Path(exported.path.name)
        if exported.path.suffix == ".zip" and out.suffix.lower() != ".zip":
            _unpack(exported.path, out)
        else:
            beside = session.films.sidecar(exported.path) if options.sidecar and options.kind == "film" else None
            _copy(exported.path, out)
            if beside:
                _copy(beside, out.with_name(f"{out.name}.json"))
    except (EditError, StoreError, MediaError) as error:
        return complain(str(error))
    say(f"Exported as {out}.{' ' if exported.aside else ''}{exported.aside}")
    return 0


def _wanted(options: argparse.Namespace) -> Options:
    """The export's options. Raises EditError: a number that none can have."""
    if options.rate is not None and not RATES[0] <= options.rate <= RATES[1]:
        raise EditError(f"A film has {RATES[0]} to {RATES[1]} frames a second, not {options.rate}. Choose another --rate.")
    if options.first < 0:
        raise EditError("The first frame's number is 0 or more. Choose another --first.")
    return Options(fps=options.rate, blend=options.blend, label=options.label, invisible_mark=options.invisible_mark,
                   first=options.first, paper=options.paper.lower())


def _session(project: str, models: Path, home: Path) -> Session:
    """The project in a folder, or the one of that name. Raises StoreError: there is none, or there are several."""
    cards, problems = find_models(models)
    engine = Engine(cards, problems)
    folder = Path(project)
    if folder.is_dir():
        return Studio(folder.resolve().parent, engine, cards).open(address(folder.resolve()))
    found = [summary for summary in find_projects(home) if project in (summary.id, summary.name)]
    if not found:
        raise StoreError(f"There is no project {project} in {home}. Name a project's folder, or a film as the studio lists it.")
    if len(found) > 1:
        folders = ", ".join(str(summary.folder) for summary in found)
        raise StoreError(f"Several films are called {project}. Name one of their folders: {folders}.")
    return Studio(home, engine, cards).open(found[0].id)


def _copy(file: Path, out: Path) -> None:
    """Copy a file to where it is wanted. Raises MediaError: `out` has another ending, is a folder, or cannot be written."""
    if out.is_dir():
        raise MediaError(f"{out} is a folder, and this export is a file like {file.name}. Name a file in it.")
    if out.suffix.lower() != file.suffix:
        raise MediaError(f"This export is a file like {file.name}: name it {out.with_suffix(file.suffix).name}, not {out.name}.")
    disk.check_writable(out)
    with disk.atomic_write(out, need=file.stat().st_size) as temporary:
        shutil.copyfile(file, temporary)


def _unpack(archive: Path, out: Path) -> None:
    """Unpack the one folder of a ZIP of ours as the folder `out`. Raises MediaError: it is there, or the disk is full."""
    if out.exists():
        raise MediaError(f"{out} is there already. Name a folder that is not, or a ZIP; nothing was written.")
    disk.check_writable(out)
    try:
        with ExitStack() as stack:
            packed = stack.enter_context(zipfile.ZipFile(archive))
            disk.check_room(out.absolute().parent, sum(member.file_size for member in packed.infolist()))
            folder = Path(stack.enter_context(TemporaryDirectory(dir=out.absolute().parent, prefix=".parts-")))
            packed.extractall(folder)
            next(folder.iterdir()).rename(out)
    except OSError as error:
        raise MediaError(explain(out, error)) from error
