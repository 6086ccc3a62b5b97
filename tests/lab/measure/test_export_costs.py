"""What exports cost: a film without a model, every export of it, and the table."""

from __future__ import annotations

from studio.lab.measure import export_costs


def test_every_export_is_timed() -> None:
    told: list[str] = []
    figures = export_costs.measure(4, (64, 48), report=told.append)
    assert figures["film"] == {"seconds": 6.0, "frames": 144, "size": [64, 48]}
    assert [row["export"] for row in figures["exports"]] == list(export_costs.KINDS) == told[1:]
    assert all(row["seconds"] > 0 and row["bytes"] > 100 for row in figures["exports"])
    table = export_costs.markdown(figures).splitlines()
    assert table[0] == "A film of 6 seconds at 64x48 and 24 frames a second." and len(table) == 4 + len(export_costs.KINDS)
