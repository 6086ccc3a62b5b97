"""Takes that are copies: the clip, the memory and the pictures of an older take after another parent."""

from __future__ import annotations

from studio.engine import bridge
from studio.language import sentence
from studio.media import MediaError
from studio.project.early import finished_copy
from studio.project.model import Project, Take
from studio.project.store import Store
from studio.project.take_requests import TakeRequest


def make_copy(store: Store, project: Project, ask: TakeRequest) -> Take:
    """Make the folder of a copy without a bridge, and write its note; returns the take, which the project does not hold yet.

    Raises:
        MediaError: a file of the older take is missing, or the disk is full. Then nothing is left of the copy.
        StoreError: the folder cannot be written.
    """
    take = finished_copy(project, ask)
    folder = store.begin_take(ask.take, project)
    try:
        bridge.copy_files(store.take_folder(str(take.copy_of)), folder)
    except OSError as error:
        store.discard_take(take.id)
        raise MediaError(sentence(
            "A take that was to be kept cannot be copied ({error}). Make it again instead.", error=str(error))) from error
    except MediaError:
        store.discard_take(take.id)
        raise
    store.write_take(take, project)
    return take
