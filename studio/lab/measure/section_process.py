"""Renders sections in a process of its own, so that its memory and its environment are its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.lab.measure.startup import ROOT

STUDIO = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "10000", "MKL_CBWR": "AUTO,STRICT"}
"""How OpenMP's threads wait in the studio, and MKL's sums, which are the same on any number of them."""
Size = tuple[int, int]


class SectionProcess:
    """A process that renders sections of a model at one size when it is asked to."""

    def __init__(self, model: Path | None = None, size: Size | None = None, variables: Mapping[str, str] | None = None) -> None:
        """Starts the process; its first answer waits for the model.

        Args:
            model: the model's folder. None: the first model.
            size: width and height. None: the model's default size.
            variables: of its environment, besides this process's own. None: those that the studio sets.
        """
        code = "from studio.lab.measure.section_process import serve; serve()"
        arguments = [str(model or ""), *map(str, size or ())]
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, **(STUDIO if variables is None else variables)})

    def film(self, sections: int, prompts: Sequence[str] = (), peak: bool = False) -> dict[str, Any]:
        """Renders a new film.

        Args:
            sections: of the film.
            prompts: of the sections, in turn; empty: a pan to the left and back.
            peak: whether the speed of a plain matrix product is measured too.

        Returns:
            `size`, `rows` of the sections, `peak_flops` of the matrix product, and `most_mb` of memory so far.

        Raises:
            RuntimeError: the process ended.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"sections": sections, "prompts": list(prompts), "peak": peak}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise RuntimeError("the process that renders ended early") from None
        if not (line := self._process.stdout.readline()):
            raise RuntimeError("the process that renders ended early")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()


def serve() -> None:
    """Renders a film for each line of standard input, and writes a line of JSON to standard output. Runs in the process itself."""
    from studio.backbones.load import load
    from studio.catalogue.cards import find_models, read_card
    from studio.engine.give_way import give_way
    from studio.lab.measure.section_costs import PROMPTS, SectionRenderer, matrix_peak, most_resident_mb, render_sections

    give_way()
    folder, *sides = sys.argv[1:]
    card = read_card(Path(folder)) if folder else find_models(ROOT / "models")[0][0]
    size = (int(sides[0]), int(sides[1])) if sides else card.default_size
    with tempfile.TemporaryDirectory() as work:
        renderer = SectionRenderer(load(card), size, Path(work))
        for line in sys.stdin:
            wanted = json.loads(line)
            rows = render_sections(renderer, wanted["sections"], wanted["prompts"] or PROMPTS)
            answer = {"size": size, "rows": rows, "peak_flops": matrix_peak() if wanted["peak"] else None,
                      "most_mb": most_resident_mb()}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
