"""The looks of one project's takes in numbers: measured once from a take's clip, and kept in a small file in its folder."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.engine.identity import Identity
from studio.language import sentence
from studio.media import MediaError
from studio.media.clip import Frame, spread_frames
from studio.media.colour_match import LabStatistics
from studio.media.look import DIRECTIONS, FRAMES, GRID, LEVELS, WIDTHS, LookMeasures, lab_statistics, look_of
from studio.media.picture import crop, read_picture
from studio.project.files import StoreError, read_json, write_json
from studio.project.model import Take
from studio.project.rules import FormatError
from studio.project.shots import Place
from studio.project.store import CLIP, Store
from studio.project.table_reader import Table, TableReader

FILE = "look.json"
FORMAT = 2
LENGTHS = {"mean": 3, "deviation": 3, "palette": LEVELS**3, "edges": len(WIDTHS) * GRID**2 * DIRECTIONS}


@dataclass(frozen=True)
class MeasuredLook:
    """The look of a take or a picture, and its features by the artist's encoder; () without one."""

    measures: LookMeasures
    first: LabStatistics           # of its first frame
    last: LabStatistics            # of its last frame
    identity: tuple[float, ...] = ()

    @property
    def whole(self) -> LabStatistics:
        """The mean statistics of its frames."""
        return LabStatistics(self.measures.mean, self.measures.deviation)


class Looks:
    """Measures takes of one project. Safe to call from several threads; one take is measured at a time."""

    def __init__(self, store: Store, identity: Identity) -> None:
        """Measure takes in `store`, and identity by an encoder."""
        self._store = store
        self.identity = identity
        self._lock = threading.Lock()
        self._known: dict[object, MeasuredLook] = {}

    def of(self, take: Take) -> MeasuredLook:
        """The look of a take, from its file, or measured. A file that is damaged, or of another encoder or clip, is made again.

        Raises:
            MediaError: its clip is missing or cannot be read.
        """
        key = (take.id, take.frames)
        with self._lock:
            if key not in self._known:
                folder = self._store.take_folder(take.id)
                if not (folder / CLIP).is_file():
                    raise MediaError(sentence(
                        "The clip of this take is missing, so it cannot be measured. Retake it to see it again."))
                self._known[key] = self._read(folder / FILE, take) or self._measure(folder, take)
            return self._known[key]

    def of_place(self, place: Place, size: tuple[int, int]) -> MeasuredLook:
        """The look of the picture of a place, in the place's frame and at that size.

        Raises:
            MediaError: the picture is missing or cannot be read, or the place has none.
        """
        if not place.picture:
            raise MediaError(sentence(
                "This take’s shot began from words alone, so there is no picture to compare with. Match the first frame instead; "
                "nothing was changed."))
        key = (place.picture, place.frame, size)
        with self._lock:
            if key not in self._known:
                path = self._store.media / f"{place.picture[:16]}.png"
                if not path.is_file():
                    raise MediaError(sentence(
                        "The picture that this take shows is gone from the project's folder. Choose it again."))
                self._known[key] = self._look([np.asarray(crop(read_picture(path), place.frame, size))])
            return self._known[key]

    def _look(self, frames: Sequence[Frame]) -> MeasuredLook:
        return MeasuredLook(look_of(frames), _statistics(frames[0]), _statistics(frames[-1]), self.identity.features(frames))

    def _measure(self, folder: Path, take: Take) -> MeasuredLook:
        """Measure a take and keep the result. Where it cannot be written, it is measured again the next time."""
        table = _table(self._look(spread_frames(folder / CLIP, FRAMES)), take, self.identity.name)
        with contextlib.suppress(StoreError):
            if not self._store.read_only:
                write_json(folder / FILE, table)
        return _parse(table, take, self.identity.name)           # so that a look from its file is the same

    def _read(self, path: Path, take: Take) -> MeasuredLook | None:
        """What the file of a take says; None if it cannot be used."""
        with contextlib.suppress(OSError, ValueError):
            return _parse(read_json(path), take, self.identity.name)
        return None


def _statistics(frame: Frame) -> LabStatistics:
    mean, deviation = (tuple(np.round(values.astype(float), 5).tolist()) for values in lab_statistics(frame))
    return LabStatistics(mean, deviation)


def _table(look: MeasuredLook, take: Take, encoder: str) -> Table:
    measures = look.measures
    lists = {name: [round(value, 5) for value in getattr(measures, name)] for name in LENGTHS}
    identity = {"identity": {"encoder": encoder, "features": list(look.identity)}} if look.identity else {}
    ends = {name: [list(one.mean), list(one.deviation)] for name, one in (("first", look.first), ("last", look.last))}
    return {"format": FORMAT, "frames": take.frames, "sharpness": round(measures.sharpness, 6), **lists, **ends, **identity}


def _parse(table: Table, take: Take, encoder: str) -> MeasuredLook:
    """Raises FormatError: it is damaged, of another format, of a shorter clip, or of another encoder."""
    read = TableReader(table, "look")
    if read.count("format") != FORMAT or read.count("frames") != take.frames:
        raise FormatError("look: of another format, or of another clip")
    lists = {name: _numbers(read(name, list), name, length) for name, length in LENGTHS.items()}
    identity: tuple[float, ...] = ()
    if encoder:
        entry = TableReader(read("identity", dict), "identity")
        if entry("encoder", str) != encoder:
            raise FormatError("look: of another encoder")
        identity = _numbers(entry("features", list), "features", None)
    first, last = (_pair(read(name, list), name) for name in ("first", "last"))
    return MeasuredLook(LookMeasures(sharpness=read.number("sharpness"), **lists), first, last, identity)


def _pair(values: list[Any], name: str) -> LabStatistics:
    if len(values) != 2 or not all(isinstance(value, list) for value in values):
        raise FormatError(f"look: '{name}' is damaged")
    return LabStatistics(_numbers(values[0], name, 3), _numbers(values[1], name, 3))


def _numbers(values: list[Any], name: str, length: int | None) -> tuple[float, ...]:
    if not values or length not in (None, len(values)) or not all(type(value) in (int, float) for value in values):
        raise FormatError(f"look: '{name}' is damaged")
    return tuple(map(float, values))
