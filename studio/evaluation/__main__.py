"""`python -m studio.evaluation benchmark [-o figures.json]`: the figures of the README, measured here and now."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import Any

PARTS = ("startup", "sections", "stock", "page")
ROOT = Path(__file__).parents[2]


def measure(part: str, model: str | None, sections: int) -> dict[str, Any]:
    """One part's figures. Each part imports only what it measures."""
    if part == "startup":
        from studio.evaluation import startup

        return startup.measure()
    if part == "stock":
        from studio.evaluation import stock

        return stock.compare()
    if part == "page":
        from studio.evaluation import page

        return page.measure()
    from studio.engine.cards import find_models
    from studio.engine.load import load
    from studio.evaluation import sections as per_section

    cards = {card.name: card for card in find_models(ROOT / "models")[0]}
    return per_section.measure(load(cards[model or next(iter(cards))]), sections)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m studio.evaluation", description=__doc__)
    parser.add_argument("command", choices=["benchmark"])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--model", help="folder under models/ (default: the first)")
    parser.add_argument("--sections", type=int, default=40, help="sections of the flatness check")
    parser.add_argument("-o", "--output", type=Path, help="write the JSON here as well")
    options = parser.parse_args()
    figures: dict[str, Any] = {"machine": {"processor": platform.machine(), "system": platform.system()}}
    for part in options.only:
        sys.stderr.write(f"measuring {part} ...\n")
        figures[part] = measure(part, options.model, options.sections)
    text = json.dumps(figures, indent=2)
    sys.stdout.write(text + "\n")
    if options.output:
        options.output.write_text(text + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
