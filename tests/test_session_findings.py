"""What was found when a project was opened: told until the artist has read it, and then no more."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest

from studio import disk
from studio.session import StoreError, Studio
from tests.fake_engine import FakeEngine
from tests.shelves import make_film, make_studio, render_all


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return make_studio(tmp_path)


def test_a_finding_is_dismissed_for_good(studio: Studio) -> None:
    session = render_all(make_film(studio, "one"))
    document = session.folder / "project.json"
    document.write_text(document.read_text("utf-8")[:-40], "utf-8")
    session.store.close()
    mended = Studio(studio.home, FakeEngine(), studio.models).open(session.id)
    finding, *others = mended.findings
    assert "damaged" in finding
    revision = mended.revision
    mended.dismiss("something else")
    assert mended.findings == (finding, *others) and mended.revision == revision
    for told in mended.findings:
        mended.dismiss(told)
    assert mended.findings == () and mended.revision > revision
    mended.store.close()
    again = Studio(studio.home, FakeEngine(), studio.models).open(session.id)
    assert again.findings == () and len(again.project.takes) == 1


def test_a_finding_of_a_film_for_viewing_can_be_dismissed_too(studio: Studio) -> None:
    session = make_film(studio, "one")
    document = session.folder / "project.json"
    document.write_text(document.read_text("utf-8").replace('"format": 1', '"format": 2'), "utf-8")
    viewed = Studio(studio.home, FakeEngine(), studio.models).open(session.id)
    viewed.dismiss(viewed.findings[0])
    assert viewed.findings == () and '"format": 2' in document.read_text("utf-8")


def full(handle: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_finding_stays_while_the_mended_film_cannot_be_saved(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    session = make_film(studio, "one")
    session.add_finding("Something was mended.")
    session.add_finding("Something was mended.")
    with monkeypatch.context() as patch:
        patch.setattr(disk, "os", SimpleNamespace(fsync=full))
        with pytest.raises(StoreError, match="full"):
            session.dismiss("Something was mended.")
    assert session.findings == ("Something was mended.",)
