"""Storyboards, read back: every word is there and on its page, in any script, and the pictures beside them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.media.fonts import fonts_for
from studio.media.storyboard import MARGIN, PAPERS, POINT, Panel, draw_storyboard
from studio.media.title import MEASURE, Line

pypdf = pytest.importorskip("pypdf", reason="reading a storyboard back needs: pip install pypdf")

SIZES = {"a4": (595, 842), "letter": (612, 792)}
LONG = "The camera follows the coast and the light goes. " * 150


def drawn(folder: Path, panels: list[Panel], paper: str = "a4", title: str = "The sea") -> Any:
    draw_storyboard(title, "2 segments", panels, folder / "board.pdf", paper)
    return pypdf.PdfReader(io.BytesIO((folder / "board.pdf").read_bytes()))


def words(reader: Any) -> list[str]:
    return " ".join(page.extract_text() for page in reader.pages).split()


@pytest.mark.parametrize("paper", PAPERS)
def test_panels_are_on_the_paper(clip: Callable[..., Path], tmp_path: Path, paper: str) -> None:
    panels = [Panel(clip(f"{n}.mp4", phase=n), f"{n} head", f"prompt number {n}", f"take-{n}", f"note-{n}") for n in range(7)]
    reader = drawn(tmp_path, panels, paper)
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == list(SIZES[paper])
    assert len(reader.pages) == 2 and sum(len(page.images) for page in reader.pages) == 7
    found = words(reader)
    assert all(word in found for n in range(7) for word in (f"take-{n}", f"note-{n}"))
    assert reader.metadata.title == "The sea"


@pytest.mark.parametrize("text", [LONG, "w" * 3000, "Ein Satz.\nUnd noch einer."], ids=["long", "one word", "lines"])
def test_no_text_leaves_the_page(clip: Callable[..., Path], tmp_path: Path, text: str) -> None:
    reader = drawn(tmp_path, [Panel(clip(), "1", text, "take", "note"), Panel(clip(), "2", "the next panel", "take2", "")])
    edge = MARGIN / POINT
    for page in reader.pages:
        wide, high = (float(side) for side in page.mediabox[2:])
        lines: list[tuple[str, float, float, float]] = []
        page.extract_text(visitor_text=lambda part, _, place, __, size, lines=lines: lines.append((part, place[4], place[5], size)))
        lines = [line for line in lines if line[0].strip()]
        assert lines
        for part, x, y, size in lines:
            ends = x + Line(part.strip(), fonts_for(part), MEASURE).width() / MEASURE * size
            assert edge - 1 <= x and ends <= wide - edge + 1 and edge / 2 - 1 <= y <= high - edge / 2, part
    found = "".join(words(reader))
    assert found.count("w") >= text.count("w") and "thenextpanel" in found
    if text is LONG:
        assert found.count("camera") == 150 and len(reader.pages) > 2, "nothing is cut"


def test_any_script_that_a_shipped_font_has(clip: Callable[..., Path], tmp_path: Path) -> None:
    texts = ["Η θάλασσα", "Море", "ทะเลและฝน", "समुद्र", "הים", "البحر"]
    reader = drawn(tmp_path, [Panel(clip(), str(n), text, "take", "") for n, text in enumerate(texts)], title="Meer · البحر")
    fonts = {str(font.get_object()["/BaseFont"]) for page in reader.pages for font in page["/Resources"]["/Font"].values()}
    shipped = {"NotoSans", "NotoSansThai", "NotoSansDevanagari", "Heebo", "NotoSansArabic"}
    assert {name.partition("+")[2] for name in fonts} >= shipped
    found = " ".join(words(reader))
    assert "θάλασσα" in found and "Море" in found and "ทะเล" in found


def test_letters_without_a_font_are_left_out(clip: Callable[..., Path], tmp_path: Path) -> None:
    assert "wave" in words(drawn(tmp_path, [Panel(clip(), "1", "\U0001f39e a wave \U00012000", "", "")]))
