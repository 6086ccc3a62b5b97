"""A folder of videos with captions as films to train on, in the same form as the procedural world's films.

Nothing is written into the folder. The shots of each file are kept in an index file elsewhere, and found anew only if the file's
size or time has changed. `caption_files` says how captions are written.
Letters: n sections, H and W height and width in pixels.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from studio.lab.train.caption_files import TABLES, Caption, FootageError, read_captions
from studio.lab.train.register import register
from studio.lab.train.shots import RATE, Shots, find_shots, read_frames
from studio.lab.world import CELL, FRAMES, Film, Section
from studio.media import MediaError
from studio.media.disk import atomic_write

log = logging.getLogger(__name__)

VERSION = 1
"""Of the index's format. An index of another version is ignored."""
LEAST_CHANGE = 2.0
"""In some second of a film, some part of the picture must change by so many levels (of 255)."""
SAVE_EVERY = 30.0
"""Seconds after which the index is written, while files are read."""
NEEDED = f"at least {(FRAMES + 1) / RATE:.1f} seconds between two cuts, in which something moves"


@dataclass(frozen=True)
class Piece:
    """Where in a file a film lies."""

    file: str           # path below the folder
    begin: int          # first frame, at 12 a second
    slack: int          # the film may begin up to so many frames later
    sections: int


@dataclass(frozen=True)
class CameraFilm(Film):
    """A film that a camera took: `scene` is the picture itself, in the light and weather that there were."""

    def frames(self) -> Tensor:
        """The same as `scene`, which has its light already."""
        return self.scene


@dataclass(frozen=True)
class Clip:
    """A film whose motion and light were estimated from its pictures.

    The film's `light` is the log gain against the section's base frame, the same in all cells. `weather` is zero and `figure` is
    NaN, for they are not estimated. Of a section only the caption is known.
    """

    film: Film
    trusted: tuple[bool, ...]    # for each section; False: motion and light could not be estimated (see `register`)


class Footage:
    """The films of a folder. Film number n is always the same as long as the files are.

    Every `len(footage)` numbers go once through all films in a random order, each time with other first frames.
    """

    def __init__(self, folder: Path, index: Path, seed: int = 0, sections: int = 3) -> None:
        """Read the captions and find the shots of all files.

        Args:
            folder: of the videos; its subfolders count as well.
            index: a JSON file elsewhere, for the shots that were found.
            seed: of the order and the first frames.
            sections: of a film, at most.

        Raises:
            FootageError: there is nothing to train on, or the captions cannot be read.
        """
        self.folder, self.seed, self.sections = Path(folder), seed, sections
        if sections < 1:
            raise FootageError(f"films need at least one section, not {sections}.")
        if not self.folder.is_dir():
            raise FootageError(f"{self.folder} is not a folder. Name one that holds video files with captions.")
        skipped: list[str] = []
        self.captions = read_captions(self.folder, skipped)
        self.shots = _index(self.folder, list(self.captions), Path(index), skipped)
        self.pieces: list[Piece] = []
        for file, shots in self.shots.items():
            pieces = list(_pieces(file, shots, self.captions[file], sections))
            if not pieces:
                skipped.append(f"{file}: {_reason(shots)}; it needs {NEEDED}.")
            self.pieces += pieces
        self.skipped = tuple(skipped)
        for message in self.skipped:
            log.warning("skipped %s", message)
        used = len({piece.file for piece in self.pieces})
        log.info("%s: %d films of %d files; %d skipped", self.folder, len(self.pieces), used, len(self.skipped))
        if not self.pieces:
            more = "".join(f"\n  {message}" for message in self.skipped[:8])
            raise FootageError(
                f"{self.folder} holds nothing to train on. Put video files there, each with {NEEDED}, and a caption for each: "
                f"name.txt beside name.mp4, or all in {' or '.join(TABLES)}. {len(self.skipped)} were skipped.{more}"
            )
        self._order: tuple[int, list[int]] = (-1, [])

    def __len__(self) -> int:
        return len(self.pieces)

    def piece(self, number: int) -> Piece:
        """Where film `number` lies, with a random first frame within its slack."""
        epoch, at = divmod(number, len(self))
        if self._order[0] != epoch:
            self._order = epoch, np.random.default_rng([self.seed, epoch]).permutation(len(self)).tolist()
        piece = self.pieces[self._order[1][at]]
        shift = int(np.random.default_rng([self.seed, epoch, at]).integers(piece.slack + 1))
        return Piece(piece.file, piece.begin + shift, 0, piece.sections)

    def frames(self, number: int, width: int, height: int) -> tuple[Tensor, tuple[Section, ...]]:
        """The frames of film `number`, [1 + 36 n, 3, H, W] uint8, and its sections, which have captions only.

        Raises:
            FootageError: the file cannot be read any more.
            ValueError: the size is no multiple of 16 pixels.
        """
        if width % CELL or height % CELL or min(width, height) < 2 * CELL:
            raise ValueError(f"width and height must be multiples of {CELL}, {2 * CELL} pixels at least, not {width} x {height}.")
        piece = self.piece(number)
        shots = self.shots[piece.file]
        try:
            images = read_frames(self.folder / piece.file, piece.begin, 1 + FRAMES * piece.sections, shots.start, width, height)
        except MediaError as error:
            raise FootageError(f"{piece.file} changed while it was used: {error} Start again to look through it anew.") from error
        begins = range(piece.begin, piece.begin + FRAMES * piece.sections, FRAMES)
        sections = tuple(Section(caption=_caption_of(self.captions[piece.file], at)) for at in begins)
        return torch.from_numpy(images).movedim(3, 1).contiguous(), sections

    def film(self, number: int, width: int, height: int, device: str | torch.device = "cpu") -> Clip:
        """Film `number`, with motion and light estimated on a device. Raises as `frames` does."""
        frames, sections = self.frames(number, width, height)
        frames = frames.to(device)
        registered = register(frames, FRAMES, CELL)
        total, rows, columns = registered.known.shape
        film = CameraFilm(
            scene=frames, sections=sections, pose=registered.pose, flow=registered.flow, known=registered.known,
            figure=torch.full((total, 4), torch.nan, device=device),
            light=registered.gain[:, :, None, None].expand(-1, -1, rows, columns).contiguous(),
            weather=torch.zeros(total, 3, device=device),
        )
        return Clip(film, registered.trusted)


def _pieces(file: str, shots: Shots, captions: list[Caption], sections: int) -> Iterator[Piece]:
    """The films of a file. Each lies within one shot, has captions throughout, and something moves in it."""
    ends = (*shots.begins[1:], shots.frames)
    for shot, end in zip(shots.begins, ends, strict=True):
        for first, last in _captioned_ranges(captions, shot, end):
            count, slack = divmod(last - first - 1, FRAMES)
            for at in range(0, count, sections):
                piece = Piece(file, first + FRAMES * at, slack, min(sections, count - at))
                # The change in second s is that from frame 12 s to frame 12 (s + 1), and both must be in the film.
                whole_seconds = range(-(-piece.begin // RATE), (piece.begin + FRAMES * piece.sections) // RATE)
                if any(shots.changes[s] >= LEAST_CHANGE for s in whole_seconds if s < len(shots.changes)):
                    yield piece


def _captioned_ranges(captions: list[Caption], begin: int, end: int) -> list[tuple[int, int]]:
    """The ranges of frames from begin to end that have captions; ranges that touch are joined."""
    parts: list[tuple[int, int]] = []
    for part in sorted(captions, key=lambda part: part.begin):
        first, last = max(begin, round(part.begin * RATE)), (end if part.end == np.inf else min(end, round(part.end * RATE)))
        if parts and first <= parts[-1][1]:
            parts[-1] = parts[-1][0], max(parts[-1][1], last)
        elif first < last:
            parts.append((first, last))
    return parts


def _caption_of(captions: list[Caption], begin: int) -> str:
    """The caption that covers most of the section that begins at this frame."""
    start, end = begin / RATE, (begin + FRAMES) / RATE
    return max(captions, key=lambda part: min(end, part.end) - max(start, part.begin)).caption


def _reason(shots: Shots) -> str:
    """Why a file that can be read gives no film."""
    longest = max(np.diff([*shots.begins, shots.frames]), default=0)
    if longest <= FRAMES:
        return f"{'its longest shot' if len(shots.begins) > 1 else 'it'} has {longest / RATE:.1f} seconds"
    still = max(shots.changes, default=0.0) < LEAST_CHANGE
    return "nothing moves in it" if still else "no moving part with a caption is long enough"


def _index(folder: Path, names: list[str], path: Path, skipped: list[str]) -> dict[str, Shots]:
    """The shots of each file: from the index at `path` if the file has not changed since, else found now.

    Sentences about files that cannot be read are appended to `skipped`.
    """
    try:
        index = json.loads(path.read_text("utf-8"))
        known = index["files"] if (index["version"], index["folder"]) == (VERSION, str(folder.resolve())) else {}
    except (OSError, ValueError, KeyError, TypeError):
        known = {}
    found: dict[str, Shots] = {}
    saved = time.monotonic()
    entries: dict[str, dict[str, Any]] = {}
    for name in names:
        facts = (folder / name).stat()
        stamp = {"size": facts.st_size, "time": facts.st_mtime_ns}
        entry = known.get(name, {})
        if {key: entry.get(key) for key in stamp} != stamp:
            log.info("reading %s", name)
            entry = stamp | _entry(folder / name)
        entries[name] = entry
        if "reason" in entry:
            reason = str(entry["reason"])
            skipped.append(reason if reason.startswith(name) else f"{name}: {reason}")
        else:
            shots = entry["shots"]
            found[name] = Shots(shots["frames"], shots["start"], tuple(shots["begins"]), tuple(shots["changes"]))
        if time.monotonic() - saved > SAVE_EVERY or name == names[-1]:
            with atomic_write(path) as temporary:
                files = {other: entry for other, entry in (known | entries).items() if other in names}
                temporary.write_text(json.dumps({"version": VERSION, "folder": str(folder.resolve()), "files": files}), "utf-8")
            saved = time.monotonic()
    return found


def _entry(path: Path) -> dict[str, Any]:
    """The index's entry of a file: its shots, or the reason why it cannot be read."""
    try:
        return {"shots": asdict(find_shots(path))}
    except MediaError as error:
        return {"reason": error.message}
