"""Open projects on one engine: edits, rendering, films, LoRA files and the shelf of projects. It imports no torch."""

from studio.engine.events import EngineStatus, WorkerStatus
from studio.media import MediaError
from studio.media.allowance import allow as limit_disk
from studio.project.edits import EditError
from studio.project.shelf import ProjectSummary
from studio.project.store import StoreError
from studio.session.going_on import go_on
from studio.session.job_manager import EngineProtocol
from studio.session.render_job import JobView, Making
from studio.session.session import Session
from studio.session.studio import Studio
from studio.session.sweeper import start_sweeper

__all__ = [
    "EditError", "EngineProtocol", "EngineStatus", "JobView", "Making", "MediaError", "ProjectSummary", "Session", "StoreError",
    "Studio", "WorkerStatus", "go_on", "limit_disk", "start_sweeper",
]  # fmt: skip
