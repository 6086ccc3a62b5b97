"""Open projects on one engine: the only room that knows both the document and the machine. It knows neither torch nor the page."""

from studio.engine.events import EngineStatus
from studio.media import MediaError
from studio.project.edits import EditError
from studio.project.shelf import ProjectSummary
from studio.project.store import StoreError
from studio.session.renders import EngineProtocol
from studio.session.run import JobView
from studio.session.session import Session
from studio.session.studio import Studio
from studio.session.sweeping import keep_swept

__all__ = [
    "EditError", "EngineProtocol", "EngineStatus", "JobView", "MediaError", "ProjectSummary", "Session", "StoreError", "Studio",
    "keep_swept",
]  # fmt: skip
