"""What the page draws of a film's room on the disk, as JSON: what weighs how much, and what thinning would free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.language import join, sentence
from studio.session import EditError
from studio.session.thinning import weigh
from studio.ui.words import Json, format_size

if TYPE_CHECKING:
    from studio.session import Session
    from studio.session.side_jobs import SideJobView

PARTS = (
    ("clips", sentence("Clips"), sentence("the takes themselves, with their pictures")),
    ("snapshots", sentence("Memory"), sentence("what takes are continued from")),
    ("media", sentence("Pictures and videos"), sentence("that the film began with")),
    ("films", sentence("Joined films and exports"), sentence("can be made again")),
    ("trash", sentence("Trash"), sentence("takes that you dropped")),
)


def disk_view(session: Session, every: int) -> Json:
    """What the film's files weigh, and what thinning would free that leaves every so many takes of a line their memory."""
    weight = weigh(session)
    takes, freed = session.snapshots.removable(every)
    sizes = {name: getattr(weight, name) for name, _, _ in PARTS}
    total = sum(sizes.values())
    thinned = sum(take.thinned for take in session.project.takes.values())
    return {
        "total": format_size(total),
        "parts": [
            {"name": name, "title": title, "about": about, "size": format_size(sizes[name]),
             "share": round(sizes[name] / max(1, total), 4)}
            for name, title, about in PARTS if sizes[name]
        ],
        "every": every,
        "takes": len(takes),
        "freed": format_size(freed),
        "thinned": thinned,
        "busy": _busy(session),
    }  # fmt: skip


def _busy(session: Session) -> str:
    """Why no memory can be removed now, in a sentence; "" if it can."""
    try:
        session.check_idle()
    except EditError as error:
        return str(error)
    return ""


def making_again_view(making: SideJobView | None) -> Json | None:
    """The take whose memory is made again, or the last one."""
    if making is None:
        return None
    return {
        "take": making.take, "state": making.state, "made": making.finished, "of": making.count,
        "message": join(making.message, making.remedy)}
