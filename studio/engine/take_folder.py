"""A take's folder: the files of its sections while it is rendered, joined into one clip and one snapshot at the end.

While rendering: section-000.mp4 and section-000.safetensors, ... A section is finished when both are there.
At the end:      clip.mp4, snapshot.safetensors, poster.webp; memory.webp for models whose memory can be shown; last.png of a video,
                 for models that go on from its last frame alone. Beside them lie parts of snapshots, those of other takes too:
                 see `studio.memory.psi_blocks`.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.disk import UNFINISHED
from studio.media import MediaError
from studio.media.clip import probe, read_frame
from studio.media.disk import atomic_write
from studio.media.join import join
from studio.media.picture import save_poster

CLIP = "clip.mp4"
SNAPSHOT = "snapshot.safetensors"
POSTER = "poster.webp"
TEMPORARY = re.compile(rf"section-\d{{3,}}\.(mp4|safetensors|png|partial)|{UNFINISHED.pattern}", re.DOTALL)
"""Names of files that a finished take does not need."""
PARTS = ("psi-", "latents-")
"""How the names of files begin that hold parts of snapshots, see `studio.memory.psi_blocks`."""
LAST = "last.png"
"""The last frame of a video, for models that go on from it as from a picture."""
MEMORY = "memory.webp"
"""A picture of what the memory holds after the take, for models whose memory can be shown."""
MAP = "memory.json"
"""Which part of the memory's map that picture shows, for a memory that is one; see `MapPart`."""
LARGEST_MAP = 512
"""Cells along a side of a map, at most: the page draws each of them."""
SHOWN, REMEMBERED = "shown.png", "remembered.png"
"""Of a moment for which the memory is asked: the frame, and what is remembered of its place, as opaque as it is known."""
RECALLED = "recalled.npz"
"""Of a memory test: which pixels of the section came from psi alone, for models that tell."""


def section_clip(folder: Path, section: int) -> Path:
    """Where the frames of a section (0-based) lie."""
    return folder / f"section-{section:03d}.mp4"


def section_snapshot(folder: Path, section: int) -> Path:
    """Where the snapshot after a section (0-based) lies."""
    return folder / f"section-{section:03d}.safetensors"


def section_picture(folder: Path, section: int) -> Path:
    """Where the last frame of a section (0-based) of a video lies, for models that go on from it as from a picture."""
    return folder / f"section-{section:03d}.png"


def finished_sections(folder: Path) -> int:
    """Sections, from the first one on without a gap, whose clip and snapshot are both there."""
    count = 0
    while section_clip(folder, count).is_file() and section_snapshot(folder, count).is_file():
        count += 1
    return count


def close(folder: Path) -> tuple[int, int]:
    """Make a take of its finished sections: join their clips, copy the last snapshot, draw the poster.

    The section files stay until `tidy`, so that a take cut short can be completed later.

    Returns:
        (sections, frames); (0, 0) if no section is finished, and nothing is written.

    Raises:
        MediaError: the disk is full or a section's clip cannot be read.
    """
    sections = finished_sections(folder)
    if not sections:
        return 0, 0
    join([section_clip(folder, i) for i in range(sections)], folder / CLIP)
    with atomic_write(folder / SNAPSHOT) as last:  # on the disk before `tidy` removes where it came from
        last.write_bytes(section_snapshot(folder, sections - 1).read_bytes())
    picture = section_picture(folder, sections - 1)
    if picture.is_file():
        with atomic_write(folder / LAST) as last:
            last.write_bytes(picture.read_bytes())
    first = section_clip(folder, 0)
    save_poster(read_frame(first, probe(first).frames // 2), folder / POSTER)
    return sections, probe(folder / CLIP).frames


def tidy(folder: Path) -> None:
    """Remove the section files of a finished take, and unfinished files of a process that was killed.

    The first section goes first: if the process is killed meanwhile, those that are left do not look like a shorter take.
    """
    for path in sorted(folder.iterdir()):
        if TEMPORARY.fullmatch(path.name):
            with contextlib.suppress(OSError):           # held open by another program: the take is finished all the same
                path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        if spare_parts([folder], [folder]):              # of sections before the last; perhaps another take needs them
            for path in spare_parts([folder], [other for other in folder.parent.iterdir() if other.is_dir()]):
                path.unlink(missing_ok=True)


def keep_parts(gone: Sequence[Path], kept: Iterable[Path]) -> None:
    """Copy parts of snapshots that those in folders `kept` name and only folders in `gone` hold, before these are removed.

    Raises:
        OSError: the disk is full, or a file cannot be read.
    """
    if any(map(_has_blocks, gone)):
        from studio.memory.snapshot_blocks import keep_blocks

        keep_blocks(gone, kept)


def spare_parts(gone: Sequence[Path], kept: Iterable[Path]) -> list[Path]:
    """Files in takes' folders `gone` that hold parts of snapshots, of which no snapshot in takes' folders `kept` needs any."""
    if not any(map(_has_blocks, gone)):
        return []
    from studio.memory.snapshot_blocks import spare_blocks

    return spare_blocks(gone, kept)


def parts_elsewhere(folder: Path) -> list[Path]:
    """Files with parts that the snapshots in a take's folder name and only the folders of other takes beside it hold."""
    others = [other for other in folder.parent.iterdir() if other.is_dir() and other != folder]
    if not any(folder.glob("*.safetensors")) or not any(map(_has_blocks, others)):
        return []
    from studio.memory.snapshot_blocks import named_files

    wanted = {name for name in named_files(folder) if not (folder / name).is_file()}
    found = {name: other / name for other in others for name in wanted if (other / name).is_file()} if wanted else {}
    return list(found.values())


def is_part(name: str) -> bool:
    """Whether a file of this name holds a part of snapshots, which those of all takes of a film share."""
    return name.startswith(PARTS) and name.endswith(".safetensors")


def _has_blocks(folder: Path) -> bool:
    return any(next(folder.glob(f"{kind}*.safetensors"), None) for kind in PARTS)


def copy_memory(old: Path, new: Path) -> None:
    """Copy the snapshot of a take's folder into another one, with the rows of psi that it names.

    Raises:
        MediaError: a file is missing. OSError: the disk is full.
    """
    from studio.memory.snapshot import SnapshotError
    from studio.memory.snapshot_blocks import copy_snapshot

    try:
        copy_snapshot(old / SNAPSHOT, new / SNAPSHOT)
    except SnapshotError as error:
        raise MediaError(str(error)) from None


def write_map(folder: Path, part: Mapping[str, float]) -> None:
    """Write which part of the memory's map its picture shows. Raises MediaError: the disk is full."""
    with atomic_write(folder / MAP) as temporary:
        temporary.write_text(json.dumps(part), "utf-8")


def read_map(folder: Path) -> dict[str, float] | None:
    """Which part of the memory's map its picture shows; None if the memory is no map, or the file cannot be used."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        table = json.loads((folder / MAP).read_text("utf-8"))
        part = {name: float(table[name]) for name in ("rows", "columns", "left", "top", "width", "height")}
        sides = [part[name] for name in ("rows", "columns", "width", "height")]
        if all(0 < side <= LARGEST_MAP for side in sides) and all(map(math.isfinite, part.values())):
            return part
    return None


def write_recalled(folder: Path, recalled: NDArray[np.bool_]) -> None:
    """Write which pixels [T, H, W] came from the long-term memory alone. Raises MediaError: the disk is full."""
    with atomic_write(folder / RECALLED) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, shape=recalled.shape, bits=np.packbits(recalled))


def read_recalled(folder: Path) -> NDArray[np.bool_] | None:
    """The pixels [T, H, W] that came from the long-term memory alone; None if the model does not tell."""
    if not (folder / RECALLED).is_file():
        return None
    with np.load(folder / RECALLED) as file:
        shape = tuple(int(side) for side in file["shape"])
        return np.unpackbits(file["bits"], count=int(np.prod(shape))).reshape(shape).astype(bool)
