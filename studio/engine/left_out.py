"""Leaves an earlier take out of what a section reads, for the question how much the section uses it (leave-one-out).

Noise, words and everything else stay. Of the recent latents the take's own become zeros, as in a film that is shorter; the newest
latent stays, since the section goes on from it. So does the start latent of a picture; where the film began from words alone it is
the first take's own, and becomes zeros with that take. Of the long-term memory what the take wrote is left out: in one that keeps
the rows of every section those rows are not read; any other psi is written again from the state before the take, with all that
followed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from studio.backbones.film_model import FilmModel
from studio.engine.events import Event, LeftOut, Pin, RenderRequest
from studio.engine.input_reader import InputReader, TakeInputs
from studio.language import sentence
from studio.memory.context_sizes import RECENT
from studio.memory.protocol import Memory, SelectsSections, read_psi
from studio.memory.snapshot import Snapshot, SnapshotError

Remake = Callable[[RenderRequest], Generator[Event, None, list[Tensor]]]
"""Makes the latents [1, C, W, h, w] of each section of a take again."""


def leave_out(
    model: FilmModel, reader: InputReader, request: RenderRequest, left: LeftOut, inputs: TakeInputs, remake: Remake
) -> Generator[Event, None, TakeInputs | None]:
    """The inputs of a section without an earlier take; None where it reads nothing of that take.

    Args:
        model, reader: that render the section.
        request: for the section.
        left: which take, and how those before the section were made.
        inputs: as they are with it.
        remake: for takes of which the snapshot does not hold all latents.

    Raises:
        SnapshotError: a snapshot that is needed cannot be read.
    """
    made = {each.folder: each for each in left.made}
    before = inputs.snapshot
    # A blend eases from the camera's pace, which the newest two latents tell.
    recent = _empty(before.recent, request, left, made, model.card.window, kept=2 if request.blend else 1)
    start = torch.zeros_like(before.start) if _gave_start(request, left, made) else before.start
    snapshot, memory, psi = replace(before, start=start, recent=recent), inputs.memory, before.psi
    changed = not torch.equal(recent, before.recent) or not torch.equal(start, before.start)
    if psi is not None and isinstance(model.memory, SelectsSections) and model.memory.selects:
        gone = tuple(Pin(folder, made[folder].sections) for folder in sorted(left.folders) if folder in made)
        memory = reader.pinned_memory(replace(request, forgotten=(*request.forgotten, *gone)))
        section, here = (*before.start.shape[:2], model.card.window, *before.start.shape[3:]), psi.to(model.device)
        changed = changed or not torch.equal(read_psi(memory, here, section), read_psi(inputs.memory, here, section))
    elif psi is not None and model.memory is not None and left.replays:
        chain = _chain(request, left, made, model.memory)
        if chain:
            again = yield from _replay(model, reader, chain, remake)
            snapshot = reader.edited(request, replace(snapshot, psi=again, blocks=()), memory)
            changed = changed or snapshot.psi is None or not torch.equal(snapshot.psi, psi)
    return replace(inputs, snapshot=snapshot, memory=memory) if changed else None


def _empty(
    recent: Tensor, request: RenderRequest, left: LeftOut, made: dict[Path, RenderRequest], window: int, kept: int
) -> Tensor:
    """Recent latents [1, C, 19, h, w] with zeros for those of the take, but for the newest `kept` ones."""
    end, folder = RECENT, None if request.shot else request.parent
    while folder in made and end > 0:
        take = made[folder]
        begin = end - take.sections * window
        if folder in left.folders:
            recent = recent.clone()
            recent[:, :, max(0, begin) : min(end, RECENT - kept)] = 0
        end, folder = begin, None if take.shot else take.parent
    return recent


def _gave_start(request: RenderRequest, left: LeftOut, made: dict[Path, RenderRequest]) -> bool:
    """Whether the start latent is the left out take's own: the section's film, or its shot, began with it from words alone."""
    folder, first = None if request.shot else request.parent, request
    while folder in made:
        first = made[folder]
        if first.shot or first.parent is None:
            break
        folder = first.parent
    return first.folder in left.folders and first.reference is None and not (first.shot and first.shot.take)


def _chain(
    request: RenderRequest, left: LeftOut, made: dict[Path, RenderRequest], memory: Memory
) -> list[RenderRequest]:
    """The takes from the one that is left out to the section's own, through which psi went, oldest first; [] if not through it."""
    chain: list[RenderRequest] = []
    folder = _source(request, memory)
    while folder in made:
        chain.append(made[folder])
        if folder in left.folders:
            return chain[::-1]
        folder = _source(made[folder], memory)
    return []


def _source(request: RenderRequest, memory: Memory) -> Path | None:
    """The folder of the take from which a take's psi goes on; see `InputReader`."""
    return request.shot.memory if request.shot and memory.holds_places else request.parent


def _replay(
    model: FilmModel, reader: InputReader, chain: list[RenderRequest], remake: Remake
) -> Generator[Event, None, Tensor]:
    """psi [1, M, D] after a chain of takes, of which the first one wrote nothing.

    psi_0 is that of the film, whichever take is left out: it holds words and reference, and nothing that was shown.
    """
    gone, *others = chain
    assert model.memory is not None, "asked only of models with a memory"
    source = _source(gone, model.memory)
    psi = reader.snapshot_after(source, gone.size).psi if source else None
    if psi is None:
        psi = model.memory.begin(reader.conditioning(gone)).float().cpu()
    for take in others:
        memory, after = reader.pinned_memory(take), reader.snapshot_after(take.folder, take.size)
        assert memory is not None, "a model's memory is there for all its takes"
        latents = yield from _latents(after, take, model.card.window, remake)
        psi = reader.edited(take, replace(after, psi=psi, blocks=()), memory).psi
        for section in latents:
            assert psi is not None, "an edited memory is still there"
            psi = memory.update(psi.to(model.device), section.to(model.device)).float().cpu()
    assert psi is not None, "an edited memory is still there"
    return psi


def _latents(
    after: Snapshot, take: RenderRequest, window: int, remake: Remake
) -> Generator[Event, None, list[Tensor]]:
    """The latents of each section of a take: from the snapshot after it, as far as that reaches."""
    count = take.sections * window
    if count <= RECENT:
        # In one layout: kernels may round otherwise in another one.
        return [part.clone(memory_format=torch.contiguous_format) for part in after.recent[:, :, -count:].split(window, dim=2)]
    if take.video:
        raise SnapshotError(sentence("The model has not kept all of a video before this section. Nothing is lost."))
    return (yield from remake(take))
