"""Films of a picture at two sizes on one sheet, made by the engine."""

from pathlib import Path

import pytest
from PIL import Image

from studio.backbones.load import load
from studio.lab.measure import edge_films
from tests import folders


def test_a_sheet_has_a_row_for_each_film(tmp_path: Path) -> None:
    model, told = load(folders.small(tmp_path / "small")), list[str]()
    sheet = tmp_path / "out" / "sheet.png"
    edge_films.measure(model, ["coffee"], (64, 32), sheet, told.append, before=(32, 64), prompts=["pan left"])
    assert told == ["coffee"]
    assert Image.open(sheet).width >= 2 * 64
    with pytest.raises(ValueError, match="could not be filmed"):
        edge_films.measure(model, ["coffee"], (72, 40), sheet, before=(72, 40), prompts=["pan left"])


def test_pictures_go_by_their_names() -> None:
    assert edge_films.picture("lighthouse").size == (1280, 768)
    assert edge_films.picture("rocket").size == (640, 427)
    with pytest.raises(ValueError, match="There is no photograph 'nothing'"):
        edge_films.picture("nothing")
