"""Films that come back: an exported film, or its sidecar, opens the take at which it ends, or its recipe as a new film."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.catalogue.fingerprint import fingerprint
from studio.language import sentence
from studio.media import MediaError
from studio.media.export import read_lineage
from studio.media.packets import packet_sum
from studio.project import film_trash, recipe, shelf
from studio.project.export_log import find_export
from studio.project.model import Clock, Project
from studio.project.recipe import public_id
from studio.project.rules import FormatError
from studio.project.store import Store
from studio.session.arrival_files import copy, fill, with_sound
from studio.session.awaited import awaited
from studio.session.job_note import JobNote, write_note
from studio.session.old_records import is_part, old_recipe
from studio.session.sidecar import read_sidecar

if TYPE_CHECKING:
    from studio.session.session import Session
    from studio.session.studio import Studio

NEW = sentence("This film is not here, so what it was made of was opened as a new film. Resume makes it again, take by take.")


@dataclass(frozen=True)
class Arrival:
    """Where an exported film leads."""

    session: Session
    take: str | None               # at which it ends; None: it is to be made again, or cannot be shown, as the film's findings say


def arrive(studio: Studio, file: Path, known: Collection[str] | None = None) -> Arrival | None:
    """Open the film that a file was exported from, or what it was made of; None: the file does not tell.

    Nothing is rewound: a film that is here is opened as it is.

    Args:
        studio: the shelf.
        file: an exported film, GIF, WebP, contact sheet, or a sidecar.
        known: on a shared studio, the addresses of the films that this visitor may see; None: all.

    Raises:
        MediaError: a sidecar cannot be read, what a file tells cannot be understood, or the disk is full.
        StoreError: the film cannot be opened or written.
    """
    record, pictures = _read(file)
    if record is None:
        return _by_content(studio, file, known)
    last = _last_take(record)
    folder = _origin(studio, str(record.get("project_id")), last, known)
    if folder is not None:
        return _at(studio, folder, last)
    return Arrival(_begin(studio, file.name, record, pictures, known is None), None)


def _read(file: Path) -> tuple[dict[str, Any] | None, Mapping[str, bytes]]:
    """The record in a file or in the sidecar that lies beside it, and the pictures of that."""
    if file.suffix.lower() == ".json":
        record, pictures, _ = read_sidecar(file)
        return _clean(record), pictures
    own = None
    with contextlib.suppress(MediaError):       # what cannot be read is none of ours; whoever wants to use it says why it cannot
        own = _clean(read_lineage(file))
    for beside in sorted(file.parent.glob("*.json")):
        if beside.name.startswith(f"{file.stem}."):
            with contextlib.suppress(MediaError):
                record, pictures, packets = read_sidecar(beside)
                if own is None and packets == packet_sum(file):
                    return record, pictures
                if own is not None and record.get("takes") == own.get("takes"):
                    return own, pictures
    return own, {}


def _clean(record: dict[str, Any] | None) -> dict[str, Any] | None:
    """A record of unknown origin without what no document can hold: numbers that are none, and halves of letters."""
    text = json.dumps(record, ensure_ascii=False).encode("utf-8", "replace")
    cleaned: dict[str, Any] | None = json.loads(text, parse_constant=lambda _: None)
    return cleaned


def _last_take(record: Mapping[str, Any]) -> str:
    """The take at which a film ends."""
    table = record.get("recipe")
    if isinstance(table, dict) and isinstance(table.get("head"), str):
        return str(table["head"])
    takes = record.get("takes")
    last = takes[-1] if isinstance(takes, list) and takes else None
    return str(last.get("id")) if isinstance(last, dict) else ""


def _origin(studio: Studio, project: str, take: str, known: Collection[str] | None) -> Path | None:
    """The folder of the film that has the take: that of the id if it has it, or a copy of it."""
    with_take = [folder for folder in studio.library.with_take(take) if known is None or shelf.address(folder) in known]
    return min(with_take, key=lambda folder: (project not in _names(studio.library.project_id(folder)), folder.name), default=None)


def _names(project: str | None) -> tuple[str, ...]:
    """What a record may call a project: older ones name its id itself."""
    return (project, public_id(project)) if project else ()


def _by_content(studio: Studio, file: Path, known: Collection[str] | None) -> Arrival | None:
    """The film that a file without a record was exported from, found by its coded frames."""
    packets = packet_sum(file)
    for folder in shelf.project_folders(studio.home) if packets else ():
        take = find_export(folder, str(packets))
        if take and (known is None or shelf.address(folder) in known):
            return _at(studio, folder, take)
    return None


def _at(studio: Studio, folder: Path, take: str) -> Arrival:
    """A film that is here, at a take; where that cannot be shown any more, the film says why."""
    session = studio.open(shelf.address(folder))
    if take not in session.project.takes:
        session.add_finding(sentence(
            "The take at which that film ends was deleted here. Its sidecar, if there is one, makes it again."))
    elif take in session.project.trash:
        session.add_finding(sentence(
            "The take at which that film ends is in the trash of this film. Restore it there to see it."))
    else:
        return Arrival(session, take)
    return Arrival(session, None)


def _begin(studio: Studio, name: str, record: Mapping[str, Any], pictures: Mapping[str, bytes], shared_media: bool) -> Session:
    """A new film that makes what a record says; `shared_media`: pictures and videos are looked for in the other films."""
    wanted = _recipe(studio, name, record)
    planned, asks = recipe.begin(wanted)
    planned, sound = with_sound(studio.home, planned, shared_media)
    store = Store(studio.home / planned.id)
    try:
        store.create(planned)
        fill(studio.home, store, wanted, pictures, shared_media)
        if sound and planned.sound:
            copy(sound, store.folder / planned.sound.file)
        write_note(store.folder, JobNote(asks, rest=False, branch=planned.branch, paused=True))
        store.close()
        session = studio.open(planned.id)
    except BaseException:
        store.close()
        shelf.remove(store.folder)
        raise
    for finding in (NEW, *_findings(studio, session, wanted, record)):
        session.add_finding(finding)
    return session


def _recipe(studio: Studio, name: str, record: Mapping[str, Any]) -> Project:
    """The recipe in a record. Raises MediaError: it cannot be understood."""
    try:
        if "recipe" in record:
            return recipe.parse_recipe(record["recipe"])
        takes = record.get("takes")
        model = takes[0].get("model") if isinstance(takes, list) and takes and isinstance(takes[0], dict) else None
        card = next((card for card in studio.models if card.name == model), None)
        return old_recipe(record, Clock(*card.clock(_size(record))) if card else Clock())
    except FormatError as error:
        raise MediaError(sentence(
            "{name} tells how it was made in a way that cannot be understood here ({error}). A newer studio may have made it: "
            "update this one. Nothing was changed.", name=name, error=str(error))) from error


def _size(record: Mapping[str, Any]) -> tuple[int, int]:
    size = record.get("size")
    if isinstance(size, list) and len(size) == 2 and all(isinstance(side, int) for side in size):
        return size[0], size[1]
    raise FormatError("the record has no size")


def _findings(studio: Studio, session: Session, wanted: Project, record: Mapping[str, Any]) -> list[str]:
    """What a new film lacks to become the same frames, in sentences."""
    said: list[str] = []
    if is_part(record):
        said.append(sentence(
            "The file is a part of a longer film and does not tell what came before, so its frames will be others."))
    for each in awaited(session.project, session.folder):
        said.append(sentence("It needs {file}, which is not here. Drop it on the page; it is checked.", file=each.describe()))
    if wanted.reference is None and not wanted.from_words:
        content = next(iter(wanted.takes.values())).reference[:12]
        said.append(sentence(
            "The file does not say which picture it begins with, only its checksum, {checksum}. Choose that picture.",
            checksum=content))
    made = record.get("weights")
    for model in {take.model for take in wanted.takes.values()}:
        card = next((card for card in studio.models if card.name == model), None)
        if card is None:
            said.append(sentence(
                "It was made by the model {model}, which is not installed. Add it to models/, or choose another one.", model=model))
        elif isinstance(made, dict) and made.get(model) not in (None, fingerprint(card)):
            said.append(sentence(
                "It was made with other weights of {model} than those that are here, so its frames will be others.",
                model=card.title))
    if any(take.lacks_ratios for take in wanted.takes.values()):
        said.append(sentence(
            "It leaves out steps, and the file does not tell by which calibration. The one that is here is used, so its frames may "
            "be others."))
    loras = {lora.sha256: lora.name for take in wanted.takes.values() for lora in take.segment.loras}
    for content, lora in loras.items():
        if not session.loras.has(content):
            said.append(sentence(
                "It needs the LoRA {lora}, checksum {checksum}, which is not here. Drop it on its segment.",
                lora=lora, checksum=content[:12]))
    table = record.get("recipe")
    looks = table.get("looks") if isinstance(table, dict) else None
    if isinstance(looks, dict) and len(looks) > len(wanted.looks):
        said.append(sentence(
            "Some takes were shown in the colours of takes that the file does not tell of. Set their looks again once they are "
            "made."))
    thrown = {name for each in film_trash.list_trash(studio.home) for name in _names(shelf.read_id(each.summary.folder))}
    if record.get("project_id") in thrown and studio.loras.max_bytes is None:
        said.append(sentence("The film that it came from is in the trash of films, and can be restored there."))
    return said
