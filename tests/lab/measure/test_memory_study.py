"""The memory study as a table and a plot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from studio.lab.__main__ import main
from studio.lab.measure.memory_study import markdown


def results() -> list[dict[str, Any]]:
    def points(error: float) -> list[dict[str, float]]:
        return [{"age": age, "places": 10, "error": error * (1 + max(age, 0)), "paired": 2.0, "share": 0.5, "identity": 1.0}
                for age in (-1, 0, 1)]

    return [
        {"arm": "map", "seed": 1, "parameters": 1_200_000, "begun": points(0.01), "curve": points(0.004)},
        {"arm": "A", "seed": 1, "parameters": 1_300_000, "begun": points(1.5), "curve": points(0.5)},
        {"arm": "A", "seed": 2, "parameters": 1_300_000, "begun": points(1.5), "curve": points(0.7)},
    ]


def test_means_over_seeds_by_age() -> None:
    rows = [line for line in markdown(results()).splitlines() if line.startswith("|")]
    assert rows[0].startswith("| arm | seeds | parameters | new | 0 | 1 |")
    assert rows[3].startswith("| map, trained | 1 | 1.2 M | 0.4 | 0.4 | 0.8 |")
    assert rows[5].startswith("| A, trained | 2 | 1.3 M | 60 (50 to 70) | 60 (50 to 70) | 120 (100 to 140) |")


def test_the_command_writes_table_and_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "results.json").write_text(json.dumps(results()))
    assert main(["measure", "kept", "--results", str(tmp_path / "results.json"), "-o", str(tmp_path)]) == 0
    assert "| map, trained |" in (tmp_path / "kept.md").read_text() == capsys.readouterr().out
    assert Image.open(tmp_path / "kept.png").size[0] > 500


@pytest.mark.parametrize("text", ["[]", '[{"arm": "A"}]', '{"films": 3}', "nonsense"])
def test_other_files_are_refused(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "results.json").write_text(text)
    assert main(["measure", "kept", "--results", str(tmp_path / "results.json"), "-o", str(tmp_path)]) == 1
    assert "no results of the memory study" in capsys.readouterr().err
