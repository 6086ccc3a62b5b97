"""A bridge: a take that begins as what its parent leads to, and moves over into the clip of an older take, whose memory it has.

The parent's continuation is rendered, one section long; its frames are blended into the older take's first ones. From the end on
the film goes on from the older take's snapshot.
"""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path

import numpy as np

from studio.engine import take_folder
from studio.engine.events import Bridge
from studio.media import MediaError
from studio.media.clip import ClipWriter, frames_of, open_clip, probe
from studio.media.disk import atomic_write


def build(folder: Path, bridge: Bridge) -> int:
    """Turn the take in `folder`, whose continuation is rendered and closed, into a bridge; returns its frames.

    The weight of the older take grows evenly from frame to frame: (i + 1) / (n + 1) in frame i of n.

    Raises:
        MediaError: a clip cannot be read, or the disk is full.
    """
    clip, old = folder / take_folder.CLIP, bridge.take / take_folder.CLIP
    with open_clip(clip) as container:
        own = list(islice(frames_of(container, clip), bridge.frames))
    facts = probe(old)
    with open_clip(old) as container, ClipWriter(clip, facts.fps) as film:
        for number, frame in enumerate(frames_of(container, old)):
            if number < len(own):
                weight = np.float32((number + 1) / (len(own) + 1))
                mixed = own[number] * (1 - weight) + frame * weight
                frame = mixed.round().astype(np.uint8)
            film.write(frame[None])
    copy_files(bridge.take, folder, clip=False)
    return facts.frames


def copy_files(old: Path, folder: Path, clip: bool = True) -> None:
    """Give a take's folder the snapshot, the pictures and, unless `clip` is false, the clip of another one.

    Raises:
        MediaError: a file is missing, or the disk is full.
    """
    from studio.memory.snapshot import SnapshotError
    from studio.memory.snapshot_blocks import copy_snapshot

    try:
        copy_snapshot(old / take_folder.SNAPSHOT, folder / take_folder.SNAPSHOT)
    except SnapshotError as error:
        raise MediaError(str(error)) from None
    needed = (take_folder.CLIP,) if clip else ()
    optional = (take_folder.MEMORY, take_folder.MAP, take_folder.LAST)
    for name in (*needed, take_folder.POSTER, *optional):
        if name not in optional or (old / name).is_file():
            with atomic_write(folder / name) as temporary:
                shutil.copyfile(old / name, temporary)
