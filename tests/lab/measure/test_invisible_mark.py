"""What of the invisible mark is measured: films, changes, alarms, and the tables."""

from __future__ import annotations

from studio.lab.measure import invisible_mark
from studio.lab.measure.mark_films import Change


def test_films_are_marked_changed_and_read() -> None:
    told: list[str] = []
    changes = (Change("crf 23"), Change("lost", 51, scale=0.2))
    figures = invisible_mark.measure((1,), changes, crops=2, rendered=(), size=(320, 192), report=told.append)
    assert told == ["forest (pan)", "night", "white room", "what is not marked"]
    assert len(figures["readings"]) == 6 and len(figures["quality"]) == 3 and all(row["psnr"] >= 42 for row in figures["quality"])
    read = {(row["film"], row["change"]): row["right"] for row in figures["readings"]}
    assert read["forest (pan)", "crf 23"] and not any(right for (_, change), right in read.items() if change == "lost")
    assert len(figures["unmarked"]) > 25 and max(row["score"] for row in figures["unmarked"]) < figures["threshold"]
    table = invisible_mark.markdown(figures)
    assert "| lost | 0 of 3" in table and "0 of " in table.splitlines()[-1] and "lost (1 s)" in table
