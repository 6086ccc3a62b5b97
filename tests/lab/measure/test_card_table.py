"""The table of known cards: its estimates are of the order of published speeds, and the document is what the command writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.backbones.framepack.sizes import published_sizes
from studio.lab.__main__ import main
from studio.lab.measure import card_table
from studio.lab.measure.card_table import PUBLISHED, Published, factor, model_table, published_table

DOCUMENT = Path(__file__).parents[3] / "docs" / "cards.md"
F1 = published_sizes()


@pytest.mark.parametrize("published", PUBLISHED, ids=lambda published: published.card)
def test_estimates_are_within_a_factor_of_two_of_published_speeds(published: Published) -> None:
    assert 1 / 2 <= factor(published) <= 2


def test_the_document_is_what_the_command_writes() -> None:
    text = DOCUMENT.read_text("utf-8")
    for lines in (model_table(F1), published_table()):
        assert "\n".join(lines) in text, f"write it again: {card_table.COMMAND}"


def test_the_command_writes_the_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / "cards.md"
    assert main(["measure", "cards", "-o", str(out)]) == 0
    text = out.read_text("utf-8")
    assert text == capsys.readouterr().out and text.count("\n| RTX 4070, 12 GB | int8 |") >= 1
    (tmp_path / "file").write_text("")
    assert main(["measure", "cards", "-o", str(tmp_path / "file" / "cards.md")]) == 1
    assert "file" in capsys.readouterr().err


def test_a_card_on_which_a_model_does_not_fit_says_so() -> None:
    small, _ = list(model_table(F1, ("GTX 1650", "RTX 4090")))[6:]
    assert small.startswith("| GTX 1650, 4 GB | does not fit: ") and "short" in small
