"""What psi costs: milliseconds and bytes, section after section, and counted at FramePack-F1's size. It films nothing.

A picture goes by under a camera that wanders, as a film's sections would; only the memory is at work.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studio.backbones.animatic.place_memory import PlaceMemory
from studio.backbones.animatic.state import FilmState, join_latents, split_latents
from studio.backbones.film_model import FilmModel
from studio.lab.measure.memory_costs import costs
from studio.lab.measure.section_costs import median_around, picture, timed
from studio.lab.plots import Line, Panel, save_plot
from studio.memory.semantic_pack import FRAMEPACK_F1

SOME = 20
"""Sections at each end that are compared; medians, for the machine has other work."""
STEP = 6.0
"""Cells by which the camera wanders in a section, at most."""
F1 = (60, 104)
"""Rows and columns of FramePack-F1's latents at 480p (832 x 480)."""


@torch.no_grad()
def measure(model: FilmModel, sections: int) -> dict[str, Any]:
    """Every update of a film of so many sections, and (of a memory of places) a reading after each.

    Raises:
        ValueError: the model has no long-term memory, or there are too few sections to compare beginning and end.
    """
    memory = model.memory
    if memory is None:
        raise ValueError(f"'{model.card.name}' has no long-term memory: there is no psi to measure.")
    if sections < 2 * SOME:
        raise ValueError(f"To compare the first {SOME} sections with the last, a film needs {2 * SOME}, not {sections}.")
    image = picture(model).to(model.device)
    psi, rows = memory.begin(model.conditioner("the camera wanders", image)).float(), []
    for newest in _wandering(model, image, sections):
        updating, psi = timed(memory.update, psi, newest)
        row = {"update ms": 1000 * updating, "bytes": psi.numel() * psi.element_size()}
        if isinstance(memory, PlaceMemory):
            pose = split_latents(newest[:, :, -1:])[1].pose
            row["reading ms"] = 1000 * timed(memory.recall_source, psi, pose, *newest.shape[-2:])[0]
        rows.append(row)
    counted = costs(FRAMEPACK_F1, *F1)
    return {
        "model": model.card.name, "size": list(model.card.sizes[0]), "sections": sections, "tokens": list(psi.shape[1:]),
        "rows": rows, "ends": {name: _ends([row[name] for row in rows]) for name in rows[0]},
        "FramePack-F1, counted": {
            "latents": list(F1), "parameters": counted.parameters, "teraflop an update": counted.flops / 1e12,
            "tokens": counted.tokens, "bytes": counted.bytes,
        },
    }


def _wandering(model: FilmModel, image: Tensor, sections: int) -> Iterator[Tensor]:
    """Latents [1, C, W, h, w] of section after section: the picture, seen from elsewhere each time if the model has places."""
    rng = torch.Generator().manual_seed(0)
    still = model.codec.encode(image).float()
    still = still.expand(-1, -1, model.card.window, -1, -1)
    if not isinstance(model.memory, PlaceMemory):
        yield from (still + torch.randn(still.shape, generator=rng).to(still) for _ in range(sections))
        return
    scene, state = split_latents(still)
    at = torch.zeros(3)
    for _ in range(sections):
        step = STEP * (2 * torch.rand(3, generator=rng) - 1) * torch.tensor([1.0, 1.0, 0.0])
        way = at + step * (torch.arange(1, scene.shape[2] + 1) / scene.shape[2])[:, None]
        at = way[-1]
        yield join_latents(scene, FilmState(way[None].to(scene), state.light, state.weather, state.clock))


def _ends(values: Sequence[float]) -> dict[str, float]:
    """Medians of the first and of the last SOME, and their ratio."""
    first, last = statistics.median(values[:SOME]), statistics.median(values[-SOME:])
    return {"first": first, "last": last, "ratio": last / first}


def markdown(figures: dict[str, Any]) -> str:
    """The figures as a table."""
    (width, height), counted = figures["size"], figures["FramePack-F1, counted"]
    lines = [f"psi of {figures['model']} at {width}x{height} over {figures['sections']} sections, medians of {SOME}:", "",
             "| | first | last | last over first |", "|---|---|---|---|"]
    for name, ends in figures["ends"].items():
        lines.append(f"| {name} | {ends['first']:.4g} | {ends['last']:.4g} | {ends['ratio']:.3f} |")
    rows, columns = counted["latents"]
    lines += ["", f"Counted for FramePack-F1 with latents of {columns}x{rows}: {counted['parameters'] / 1e6:.0f} M parameters, "
              f"{counted['teraflop an update']:.1f} TFLOP an update, psi of {counted['tokens']} tokens, "
              f"{counted['bytes'] / 1e6:.2f} MB."]
    return "\n".join(lines) + "\n"


def draw(figures: dict[str, Any], path: Path) -> None:
    """Milliseconds over the sections, medians of five neighbours."""
    rows, lines = figures["rows"], []
    for colour, name in enumerate(name for name in rows[0] if name.endswith("ms")):
        values = [row[name] for row in rows]
        smooth = [median_around(values, n) for n in range(len(values))]
        lines.append(Line(name, range(1, len(rows) + 1), smooth, color=colour))
    title = (f"what psi costs: {rows[0]['bytes'] / 1e6:.2f} MB after section 1, {rows[-1]['bytes'] / 1e6:.2f} MB after section "
             f"{len(rows)}")
    save_plot(path, [Panel(title, lines, "sections", "milliseconds", level=("0", 0.0))], panel_size=(900, 560))
