"""The cost of psi: milliseconds and bytes, section after section, and the cost counted for FramePack-F1's size.

No film is made. The latents of one picture are given to the memory, in an animatic model under a camera that wanders.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from studio.backbones.animatic.family import FAMILY as ANIMATIC
from studio.backbones.animatic.parts import animatic_parts
from studio.backbones.animatic.place_memory import PlaceMemory
from studio.backbones.animatic.state import FilmState, join_latents, split_latents
from studio.backbones.film_model import FilmModel
from studio.backbones.registry import family_of
from studio.lab.measure.memory_costs import count_costs
from studio.lab.measure.section_costs import median_around, picture, time_call
from studio.lab.plots import Line, Panel, save_plot
from studio.memory.semantic_pack_config import FRAMEPACK_F1

COMPARED = 20
"""Sections at each end that are compared, by their medians, because other programs disturb single timings."""
STEP = 6.0
"""Cells by which the camera moves in a section, at most."""
F1_LATENTS = (60, 104)
"""Rows and columns of FramePack-F1's latents at 480p (832 x 480)."""


@torch.no_grad()
def measure(model: FilmModel, sections: int) -> dict[str, Any]:
    """Times every update of psi over a film of so many sections and, if psi is a map of places, a reading after each.

    Raises:
        ValueError: the model has no long-term memory, or there are too few sections to compare the beginning with the end.
    """
    memory, place_memory = model.memory, _place_memory(model)
    if memory is None:
        raise ValueError(f"'{model.card.name}' has no long-term memory: there is no psi to measure.")
    if sections < 2 * COMPARED:
        raise ValueError(f"To compare the first {COMPARED} sections with the last, a film needs {2 * COMPARED}, not {sections}.")
    image = picture(model).to(model.device)
    psi, rows = memory.begin(model.conditioner("the camera wanders", image)).float(), []
    for newest in _wander(model, image, sections):
        updating, psi = time_call(memory.update, psi, newest)
        row = {"update ms": 1000 * updating, "bytes": psi.numel() * psi.element_size()}
        if place_memory is not None:
            pose = split_latents(newest[:, :, -1:])[1].pose
            row["reading ms"] = 1000 * time_call(place_memory.recall_source, psi, pose, *newest.shape[-2:])[0]
        rows.append(row)
    costs = count_costs(FRAMEPACK_F1, *F1_LATENTS)
    return {
        "model": model.card.name, "size": list(model.card.sizes[0]), "sections": sections, "tokens": list(psi.shape[1:]),
        "rows": rows, "ends": {name: _compare_ends([row[name] for row in rows]) for name in rows[0]},
        "FramePack-F1, counted": {
            "latents": list(F1_LATENTS), "parameters": costs.parameters, "teraflop an update": costs.flops / 1e12,
            "tokens": costs.tokens, "bytes": costs.bytes,
        },
    }


def _place_memory(model: FilmModel) -> PlaceMemory | None:
    """The model's memory if it is a map of places, else None."""
    return animatic_parts(model).place_memory if family_of(model.card) is ANIMATIC else None


def _wander(model: FilmModel, image: Tensor, sections: int) -> Iterator[Tensor]:
    """Latents [1, C, W, h, w] of each section: the picture, from another pose each time if the model has a map of places."""
    rng = torch.Generator().manual_seed(0)
    still = model.codec.encode(image).float()
    still = still.expand(-1, -1, model.card.window, -1, -1)
    if _place_memory(model) is None:
        yield from (still + torch.randn(still.shape, generator=rng).to(still) for _ in range(sections))
        return
    scene, state = split_latents(still)
    at = torch.zeros(3)
    for _ in range(sections):
        step = STEP * (2 * torch.rand(3, generator=rng) - 1) * torch.tensor([1.0, 1.0, 0.0])
        pose = at + step * (torch.arange(1, scene.shape[2] + 1) / scene.shape[2])[:, None]
        at = pose[-1]
        yield join_latents(scene, FilmState(pose[None].to(scene), state.light, state.weather, state.clock))


def _compare_ends(values: Sequence[float]) -> dict[str, float]:
    """Medians of the first and of the last COMPARED values, and their ratio."""
    first, last = statistics.median(values[:COMPARED]), statistics.median(values[-COMPARED:])
    return {"first": first, "last": last, "ratio": last / first}


def markdown(figures: dict[str, Any]) -> str:
    """The result of `measure` as a Markdown table."""
    (width, height), counted = figures["size"], figures["FramePack-F1, counted"]
    lines = [f"psi of {figures['model']} at {width}x{height} over {figures['sections']} sections, medians of {COMPARED}:", "",
             "| | first | last | last over first |", "|---|---|---|---|"]
    for name, ends in figures["ends"].items():
        lines.append(f"| {name} | {ends['first']:.4g} | {ends['last']:.4g} | {ends['ratio']:.3f} |")
    rows, columns = counted["latents"]
    lines += ["", f"Counted for FramePack-F1 with latents of {columns}x{rows}: {counted['parameters'] / 1e6:.0f} M parameters, "
              f"{counted['teraflop an update']:.1f} TFLOP an update, psi of {counted['tokens']} tokens, "
              f"{counted['bytes'] / 1e6:.2f} MB."]
    return "\n".join(lines) + "\n"


def draw(figures: dict[str, Any], path: Path) -> None:
    """Writes a plot of the milliseconds over the sections, each the median of five neighbours, from the result of `measure`."""
    rows, lines = figures["rows"], []
    for color, name in enumerate(name for name in rows[0] if name.endswith("ms")):
        values = [row[name] for row in rows]
        smooth = [median_around(values, n) for n in range(len(values))]
        lines.append(Line(name, range(1, len(rows) + 1), smooth, color=color))
    title = (f"what psi costs: {rows[0]['bytes'] / 1e6:.2f} MB after section 1, {rows[-1]['bytes'] / 1e6:.2f} MB after section "
             f"{len(rows)}")
    save_plot(path, [Panel(title, lines, "sections", "milliseconds", level=("0", 0.0))], panel_size=(900, 560))
