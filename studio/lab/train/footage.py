"""A folder of somebody's videos with captions as films to train on, in the shape of the world's. It knows no model.

Nothing is written into the folder. What was found in each file is kept in an index elsewhere and used again as long as the
file's size and time stay the same. How captions are written is said in `sidecars`.
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

from studio.lab.train.register import register
from studio.lab.train.shots import RATE, Shots, look_through, read
from studio.lab.train.sidecars import TABLES, Captioned, FootageError, captions
from studio.lab.world import CELL, FRAMES, Film, Section
from studio.media import MediaError
from studio.media.disk import atomic_write

log = logging.getLogger(__name__)

VERSION = 1
"""Of the index: another one is read anew."""
STILL = 2.0
"""Levels (of 255) that some part of the picture must change by within a second, or the film is a still."""
PATIENCE = 30.0
"""Seconds of looking through files that a crash may cost."""
WANTED = f"at least {(FRAMES + 1) / RATE:.1f} seconds between two cuts, in which something moves"


@dataclass(frozen=True)
class Piece:
    """A film to be read: from frame `begin` of a file (at 12 a second), this many frames later at most, so many sections."""

    file: str
    begin: int
    slack: int
    sections: int


@dataclass(frozen=True)
class Footed(Film):
    """A film as a camera took it: `scene` is the picture itself, with whatever light and weather there was."""

    def frames(self) -> Tensor:
        """The same as `scene`: its light is not put on twice."""
        return self.scene


@dataclass(frozen=True)
class Clip:
    """A film with pseudo-truth. `light` is the log gain against the section's base frame, the same in all cells; `weather` is
    zero and `figure` is NaN: nobody looked. Of the sections only the captions say anything."""

    film: Film
    trusted: tuple[bool, ...]    # per section. False: nothing is known but the picture (see `register`)


class Footage:
    """Films of a folder. Film number n is the same whenever and wherever it is asked for, as long as the files are.

    Every `len(footage)` numbers go once through all of it, shuffled, and each time cut a little differently.
    """

    def __init__(self, folder: Path, index: Path, seed: int = 0, sections: int = 3) -> None:
        """Look through `folder` and its subfolders; `index` is a JSON file, elsewhere. Films have up to `sections` sections.

        Raises:
            FootageError: there is nothing to train on, or the captions cannot be read.
        """
        self.folder, self.seed, self.sections = Path(folder), seed, sections
        if sections < 1:
            raise FootageError(f"films need at least one section, not {sections}.")
        if not self.folder.is_dir():
            raise FootageError(f"{self.folder} is not a folder. Name one that holds video files with captions.")
        skipped: list[str] = []
        self.captions = captions(self.folder, skipped)
        self.shots = _index(self.folder, list(self.captions), Path(index), skipped)
        self.pieces: list[Piece] = []
        for file, shots in self.shots.items():
            pieces = list(_pieces(file, shots, self.captions[file], sections))
            if not pieces:
                skipped.append(f"{file}: {_why(shots)}; it needs {WANTED}.")
            self.pieces += pieces
        self.skipped = tuple(skipped)
        for message in self.skipped:
            log.warning("skipped %s", message)
        used = len({piece.file for piece in self.pieces})
        log.info("%s: %d films of %d files; %d skipped", self.folder, len(self.pieces), used, len(self.skipped))
        if not self.pieces:
            more = "".join(f"\n  {message}" for message in self.skipped[:8])
            raise FootageError(
                f"{self.folder} holds nothing to train on. Put video files there, each with {WANTED}, and a caption for each: "
                f"name.txt beside name.mp4, or all in {' or '.join(TABLES)}. {len(self.skipped)} were skipped.{more}"
            )
        self._order: tuple[int, list[int]] = (-1, [])

    def __len__(self) -> int:
        return len(self.pieces)

    def piece(self, number: int) -> Piece:
        """Where film `number` is: its slack is used up."""
        epoch, at = divmod(number, len(self))
        if self._order[0] != epoch:
            self._order = epoch, np.random.default_rng([self.seed, epoch]).permutation(len(self)).tolist()
        piece = self.pieces[self._order[1][at]]
        shift = int(np.random.default_rng([self.seed, epoch, at]).integers(piece.slack + 1))
        return Piece(piece.file, piece.begin + shift, 0, piece.sections)

    def frames(self, number: int, width: int, height: int) -> tuple[Tensor, tuple[Section, ...]]:
        """Film `number` without truth: [1 + 36 n, 3, H, W] uint8, and a section with its caption for each 36 frames.

        Raises:
            FootageError: the file cannot be read any more.
            ValueError: the size is no multiple of 16 pixels.
        """
        if width % CELL or height % CELL or min(width, height) < 2 * CELL:
            raise ValueError(f"width and height must be multiples of {CELL}, {2 * CELL} pixels at least, not {width} x {height}.")
        piece = self.piece(number)
        shots = self.shots[piece.file]
        try:
            images = read(self.folder / piece.file, piece.begin, 1 + FRAMES * piece.sections, shots.start, width, height)
        except MediaError as error:
            raise FootageError(f"{piece.file} changed while it was used: {error} Start again to look through it anew.") from error
        begins = range(piece.begin, piece.begin + FRAMES * piece.sections, FRAMES)
        sections = tuple(Section(caption=_said(self.captions[piece.file], at)) for at in begins)
        return torch.from_numpy(images).movedim(3, 1).contiguous(), sections

    def film(self, number: int, width: int, height: int, device: str | torch.device = "cpu") -> Clip:
        """Film `number`, registered on `device`. Raises as `frames` does."""
        frames, sections = self.frames(number, width, height)
        frames = frames.to(device)
        found = register(frames, FRAMES, CELL)
        total, rows, columns = found.known.shape
        film = Footed(
            scene=frames, sections=sections, pose=found.pose, flow=found.flow, known=found.known,
            figure=torch.full((total, 4), torch.nan, device=device),
            light=found.gain[:, :, None, None].expand(-1, -1, rows, columns).contiguous(),
            weather=torch.zeros(total, 3, device=device),
        )
        return Clip(film, found.trusted)


def _pieces(file: str, shots: Shots, said: list[Captioned], sections: int) -> Iterator[Piece]:
    """Films of a file: within its shots, where there are captions, unless nothing moves."""
    ends = (*shots.begins[1:], shots.frames)
    for shot, end in zip(shots.begins, ends, strict=True):
        for first, last in _spoken(said, shot, end):
            count, slack = divmod(last - first - 1, FRAMES)
            for at in range(0, count, sections):
                piece = Piece(file, first + FRAMES * at, slack, min(sections, count - at))
                # The difference of second s is between its frame 12 s and frame 12 (s + 1): both must be in the film.
                whole_seconds = range(-(-piece.begin // RATE), (piece.begin + FRAMES * piece.sections) // RATE)
                if any(shots.changes[s] >= STILL for s in whole_seconds if s < len(shots.changes)):
                    yield piece


def _spoken(said: list[Captioned], begin: int, end: int) -> list[tuple[int, int]]:
    """Stretches of frames begin .. end that have captions; those that touch are one."""
    parts: list[tuple[int, int]] = []
    for part in sorted(said, key=lambda part: part.begin):
        first, last = max(begin, round(part.begin * RATE)), (end if part.end == np.inf else min(end, round(part.end * RATE)))
        if parts and first <= parts[-1][1]:
            parts[-1] = parts[-1][0], max(parts[-1][1], last)
        elif first < last:
            parts.append((first, last))
    return parts


def _said(said: list[Captioned], begin: int) -> str:
    """The caption that covers most of the section that begins at this frame."""
    start, end = begin / RATE, (begin + FRAMES) / RATE
    return max(said, key=lambda part: min(end, part.end) - max(start, part.begin)).caption


def _why(shots: Shots) -> str:
    """Why a file that can be read gives no film."""
    longest = max(np.diff([*shots.begins, shots.frames]), default=0)
    if longest <= FRAMES:
        return f"{'its longest shot' if len(shots.begins) > 1 else 'it'} has {longest / RATE:.1f} seconds"
    return "nothing moves in it" if max(shots.changes, default=0.0) < STILL else "no moving part with a caption is long enough"


def _index(folder: Path, names: list[str], path: Path, skipped: list[str]) -> dict[str, Shots]:
    """What is in each file: from the index at `path` where it is not older than the file, else looked through now."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        known = kept["files"] if (kept["version"], kept["folder"]) == (VERSION, str(folder.resolve())) else {}
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
            log.info("looking through %s", name)
            entry = stamp | _looked_through(folder / name)
        entries[name] = entry
        if "reason" in entry:
            reason = str(entry["reason"])
            skipped.append(reason if reason.startswith(name) else f"{name}: {reason}")
        else:
            shots = entry["shots"]
            found[name] = Shots(shots["frames"], shots["start"], tuple(shots["begins"]), tuple(shots["changes"]))
        if time.monotonic() - saved > PATIENCE or name == names[-1]:
            with atomic_write(path) as temporary:
                files = {other: entry for other, entry in (known | entries).items() if other in names}
                temporary.write_text(json.dumps({"version": VERSION, "folder": str(folder.resolve()), "files": files}), "utf-8")
            saved = time.monotonic()
    return found


def _looked_through(path: Path) -> dict[str, Any]:
    try:
        return {"shots": asdict(look_through(path))}
    except MediaError as error:
        return {"reason": error.message}
