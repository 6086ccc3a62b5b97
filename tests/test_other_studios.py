"""A film that another studio has open: it is for viewing only, and for changes again as soon as that studio lets it go."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from studio.project import edits
from studio.project.store import StoreError
from studio.session import Session, Studio
from studio.ui import page
from studio.ui.api import PageApi
from tests.processes import hold_film
from tests.shelves import make_film, make_studio


@pytest.fixture
def film(studio: Studio) -> Path:
    """The folder of a film that nobody has open, called "A film"."""
    session = make_film(studio, "one")
    session.store.close()
    return session.folder


def test_it_can_be_changed_when_the_other_studio_has_closed_it(film: Path, tmp_path: Path) -> None:
    here = make_studio(tmp_path)
    with hold_film(film):
        viewed = here.open(film.name)
        board = PageApi(here, (), tmp_path).boards.fresh(viewed)
        assert board["next"] is None and board["blocked"] == "This film is open for viewing only."
        assert "open in another studio" in board["findings"][0]["message"]
        assert here.open(film.name) is viewed, "the other studio has it still"
        with pytest.raises(StoreError, match="viewing only"):
            viewed.edit(edits.rename, "Mine")
        document = film / "project.json"
        document.write_text(document.read_text().replace('"A film"', '"Theirs"'))
    mine = here.open(film.name)
    assert mine is not viewed and mine.project.name == "Theirs" and mine.findings == ()
    mine.edit(edits.rename, "Mine")
    with pytest.raises(StoreError, match="viewing only"):
        viewed.edit(edits.rename, "Late")
    assert here.open(film.name) is mine and PageApi(here, (), tmp_path).boards.fresh(mine)["next"] is not None


def test_a_page_shows_what_the_other_studio_saves_meanwhile(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "HEARTBEAT", 0.1)
    here, document = make_studio(tmp_path), film / "project.json"
    api = PageApi(here, (), tmp_path)
    saved = document.read_text()
    steps = ['{"format": 1, "name": ', saved.replace('"A film"', '"Theirs"'), saved.replace('"A film"', '"Theirs, later"')]

    async def follow(viewed: Session) -> list[str]:
        names: list[str] = []

        def wanted() -> bool:
            return len(names) < 3

        async for message in page._updates(api, viewed, wanted, asyncio.Event()):
            names.extend([message["board"]["name"]] if "board" in message else [])
            beat = message["live"]["beat"]
            if beat % 3 == 0 and beat // 3 <= len(steps):
                replacement = film / "replacement"          # as a studio saves it: at once
                replacement.write_text(steps[beat // 3 - 1])
                replacement.replace(document)
        return names

    with hold_film(film), ThreadPoolExecutor(1) as thread:
        viewed = here.open(film.name)
        names = thread.submit(lambda: asyncio.run(asyncio.wait_for(follow(viewed), 20))).result()
        assert names == ["A film", "Theirs", "Theirs, later"]
        assert here.open(film.name) is viewed and not viewed.can_undo
        with pytest.raises(StoreError, match="viewing only"):
            viewed.undo()
            viewed.edit(edits.rename, "Mine")


@pytest.mark.parametrize("document", ["", "{\"format\": 99}"], ids=["closed", "made unreadable"])
def test_a_page_that_shows_it_asks_for_it_again(
    document: str, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "HEARTBEAT", 0.1)
    here = make_studio(tmp_path)
    api = PageApi(here, (), tmp_path)

    async def follow(holder: Any) -> list[dict[str, Any]]:
        lives: list[dict[str, Any]] = []
        async for message in page._updates(api, here.open(film.name), lambda: True, asyncio.Event()):
            lives.append(message["live"])
            if len(lives) == 3:
                if document:
                    (film / "project.json").write_text(document)
                holder.kill()
                await asyncio.to_thread(holder.wait)
        return lives

    with hold_film(film) as holder, ThreadPoolExecutor(1) as thread:
        lives = thread.submit(lambda: asyncio.run(asyncio.wait_for(follow(holder), 20))).result()
    assert len(lives) > 3 and all("moved" not in live for live in lives[:3])
    assert lives[-1] == {"project": film.name, "moved": film.name}
    if document:
        with pytest.raises(StoreError, match="newer"):
            here.open(film.name)
