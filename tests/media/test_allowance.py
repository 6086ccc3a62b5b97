"""What one user may keep: weighed, limited, told in a sentence, and nobody else's matter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.media import MediaError, allowance, disk


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(allowance, "_allowances", [])
    yield


def test_a_user_may_write_so_much_and_others_are_not_asked(tmp_path: Path) -> None:
    mira, otto = tmp_path / "mira", tmp_path / "otto"
    (mira / "film").mkdir(parents=True)
    (mira / "film/clip.mp4").write_bytes(bytes(600))
    allowance.allow(mira, 1000)
    with disk.atomic_write(mira / "film/small", 300) as file:
        file.write_bytes(bytes(300))
    with pytest.raises(MediaError, match="Empty the trash"), disk.atomic_write(mira / "film/large", 300):
        raise AssertionError("nothing is written")
    assert not (mira / "film/large").exists()
    disk.check_room(otto.parent, 10_000)
    (mira / "film/clip.mp4").unlink()                          # what was deleted counts at once
    disk.check_room(mira, 600)


def test_what_is_written_between_two_weighings_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weighed = []
    monkeypatch.setattr(allowance, "weigh", lambda folder: weighed.append(folder) or 0)
    allowance.allow(tmp_path, 1000)
    for _ in range(3):
        disk.check_room(tmp_path, 300)
    assert len(weighed) == 1
    disk.check_room(tmp_path, 300)                             # it seems too much, so it is weighed, and it is not
    assert len(weighed) == 2


def test_links_and_what_vanishes_weigh_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").write_bytes(bytes(100))
    (tmp_path / "elsewhere").symlink_to("/usr")
    assert 100 <= allowance.weigh(tmp_path) < 200 and allowance.weigh(tmp_path / "none") == 0
