"""Changes the colours of the frames that a section sees before it: a look that is held in the model's context too.

The recent latents are decoded, their frames changed, and encoded again. What is added to the latents is the difference that the
change makes, so that what the codec loses on the way is not lost from the context. Start latent and long-term memory stay.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.diffusion.codec import ChangesFrames
from studio.engine.events import SeenColours
from studio.language import sentence
from studio.media.colour_match import ColourChange, change_colours
from studio.memory.context_sizes import RECENT
from studio.memory.snapshot import Snapshot, SnapshotError


def change_recent(model: FilmModel, snapshot: Snapshot, colours: SeenColours) -> Snapshot:
    """The snapshot with the colours of its newest latents changed.

    Raises:
        SnapshotError: the model's codec cannot change frames that are there.
    """
    codec = model.codec
    if not isinstance(codec, ChangesFrames):
        raise SnapshotError(sentence("This model cannot see frames in another look than they were made in. Take the look off."))
    count = min(colours.latents, RECENT)
    own = snapshot.recent[:, :, -count:].to(model.device)
    with torch.no_grad():
        frames = codec.decode_apart(own)
        changed = _change(frames, ColourChange(colours.gain, colours.offset))
        moved = own + codec.encode_apart(changed, own) - codec.encode_apart(frames, own)
    return replace(snapshot, recent=torch.cat([snapshot.recent[:, :, :-count], moved.float().cpu()], dim=2))


def _change(frames: Tensor, change: ColourChange) -> Tensor:
    """Frames [1, 3, T, H, W] in [-1, 1] with changed colours; those that sRGB has not are cut."""
    shown = frames[0].movedim(0, -1).float().add(1).div(2).clamp(0, 1).cpu().numpy()
    changed = np.stack([change_colours(frame, change) for frame in shown]).clip(0, 1)
    return torch.from_numpy(changed).movedim(-1, 0)[None].mul(2).sub(1).to(frames)
