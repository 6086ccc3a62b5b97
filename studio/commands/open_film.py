"""`app.py open`: finds the take at which an exported film ends, or puts what it was made of beside the other films."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from studio.catalogue.cards import find_models
from studio.commands.guard import say
from studio.engine.engine import Engine
from studio.session import EditError, MediaError, StoreError, Studio
from studio.session.arrivals import arrive


def find_film(file: Path, models: Path, home: Path) -> str | None:
    """Say where a file leads. Returns the part of the page's address that shows it; None: it leads nowhere, which was said.

    The project is let go of again, so that a studio can open it.
    """
    cards, problems = find_models(models)
    try:
        if not file.is_file():
            raise MediaError(f"There is no file {file}. Name an exported film, or the JSON file beside it.")
        found = arrive(Studio(home, Engine(cards, problems), cards), file)
        if found is None:
            raise MediaError(
                f"{file} is no film of this studio, or another program has coded it anew. Open the JSON file that was exported "
                "beside it, or drop it on the page to go on from it as a video."
            )
    except (EditError, StoreError, MediaError) as error:
        say(str(error))
        return None
    session, take = found.session, found.take
    for finding in session.findings:
        say(finding)
    number = len(session.project.lineage(take)) if take else 0
    ends = f", segment {number}, take {take}" if take else ""
    say(f"{session.project.name}{ends}: {session.folder}")
    session.store.close()
    return urlencode({"project": session.id, **({"take": take} if take else {})})
