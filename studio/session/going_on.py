"""Jobs that the end of the studio interrupted go on when it is started again, in films whose artist has asked for that."""

from __future__ import annotations

import logging

from studio.media import MediaError
from studio.project.edits import EditError
from studio.project.store import StoreError
from studio.session.job_note import read_note
from studio.session.studio import Studio

log = logging.getLogger(__name__)


def go_on(studio: Studio) -> None:
    """Resume the jobs that the end of the studio interrupted, in films whose artist has asked for that."""
    for summary in studio.list():
        note = read_note(summary.folder)
        if note is None or note.paused:
            continue
        try:
            session = studio.open(summary.id)
            if session.project.go_on:
                session.jobs.resume()
        except (StoreError, EditError, MediaError) as error:
            log.warning("%s: its job could not go on: %s", summary.folder, error)
