"""Writes the figures of placements as Markdown tables, and judges which goals they meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from studio.lab.measure.offload_films import OURS as FILM
from studio.lab.measure.offload_films import STOCK
from studio.lab.measure.offloads import BF16_RESIDENT, INT8_RESIDENT, MODEL, OURS
from studio.placement.machine import GB
from studio.placement.plan import CUDA_CONTEXT

Row = dict[str, Any]
SQUARE = [640, 640]
NOT_MEASURED = "not measured"
HEAD = (
    "| way | size | s a step | first step | card, allocated | card, reserved | card, driver | memory, held | memory, taken "
    "| copying hidden | apart |"
)


def row_file(out: Path, method: str, size: Sequence[int], suffix: str) -> Path:
    """Returns the file of a row's figures (suffix ".json") or of its latents (".pt")."""
    return out / "rows" / f"{method.replace(' ', '-').replace(',', '')}-{size[0]}x{size[1]}{suffix}"


def add_comparisons(rows: list[Row], out: Path) -> None:
    """Adds to rows of one size what needs two of them: how much copying is hidden, and the distance of latents from exact ones.

    `hidden` is 1 - (streamed - resident) / copying, from the seconds of a step by the plan, of a step with the same weights all on
    the GPU, and of copying the streamed blocks once while nothing computes. `apart` is relative to bf16 all on the GPU.
    """
    by_method = {row["row"]: row for row in rows}
    ours = by_method.get(OURS, {})
    resident = by_method.get(INT8_RESIDENT if ours.get("plan", {}).get("weights") == "int8" else BF16_RESIDENT, {})
    if ours.get("copy_seconds") and resident.get("seconds_per_step"):
        ours["hidden"] = 1 - (ours["seconds_per_step"] - resident["seconds_per_step"]) / ours["copy_seconds"]
    exact = _latents(by_method[BF16_RESIDENT], out) if BF16_RESIDENT in by_method else None
    for row in rows:
        latents = _latents(row, out)
        if latents is not None and exact is not None:
            row["apart"] = float((latents - exact).norm() / exact.norm())


def _latents(row: Row, out: Path) -> torch.Tensor | None:
    if row["failed"]:
        return None
    path = row_file(out, row["row"], row["size"], ".pt")
    latents: torch.Tensor = torch.load(path, weights_only=True)
    return latents


def goals(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the goals of the placement, each with the figure that decides it; `met` is None where it was not measured."""
    if figures["machine"]["tiny"]:
        return []
    square = {row["row"]: row for row in figures["rows"] if row["size"] == SQUARE and not row["failed"]}
    ours, resident, cap = square.get(OURS), square.get(BF16_RESIDENT), figures["cap_gib"]
    gpu_gib = _gpu_bytes(ours) / GB if ours and cap == 6 else None
    slower = ours["seconds_per_step"] / resident["seconds_per_step"] if ours and resident and cap == 12 else None
    streamed = ours if ours and ours["plan"]["weights"] == "int8" and ours["plan"]["streamed"] else None
    memory = max(streamed.get("held", 0), streamed.get("taken", 0)) / GB if streamed else None
    films = {row["row"]: row["seconds"] for row in figures["films"] if row["size"] == SQUARE and not row["failed"]}
    stock = [seconds for row, seconds in films.items() if row in STOCK]
    faster = min(stock) / films[FILM] if stock and FILM in films else None
    return [
        _goal("640x640 within 6 GiB of the card (with --cap-gib 6)", "GiB", gpu_gib, gpu_gib is not None and gpu_gib <= 6),
        _goal("a step at 12 GiB within 10 % of bf16 all on the card (with --cap-gib 12)", "times", slower, (slower or 2) <= 1.1),
        _goal("memory of int8 weights streamed, under 24 GiB", "GiB", memory, memory is not None and memory < 24),
        _goal("a film 1.3 times faster than the stock pipeline with its best offload", "times", faster, (faster or 0) >= 1.3),
    ]


def _gpu_bytes(row: Row) -> int:
    """Returns the bytes in use on the GPU: by the driver, or by the allocator with CUDA's own added."""
    if "driver" in row:
        return int(row["driver"])
    return int(row["reserved"]) + CUDA_CONTEXT


def _goal(text: str, unit: str, value: float | None, met: bool) -> dict[str, Any]:
    return {"goal": text, "unit": unit, "value": value, "met": met if value is not None else None}


def markdown(figures: dict[str, Any]) -> str:
    """Returns the tables, with the machine that was measured on."""
    machine = figures["machine"]
    lines = [
        f"Measured on {machine['card']} ({machine['card_bytes'] / GB:.0f} GiB), {machine['ram_bytes'] / GB:.0f} GiB of memory, "
        f"torch {machine['torch']}, diffusers {machine['diffusers']}; random weights, a cap of {figures['cap_gib']} GiB.",
    ]
    if machine["tiny"]:
        lines = ["**Tried on a small network and an imitated card: these figures say nothing about any card.**"]
    lines += ["", *_steps(figures["rows"]), *_films(figures["films"]), *_goals(figures["goals"])]
    return "\n".join(lines) + "\n"


def _steps(rows: list[Row]) -> Iterator[str]:
    yield HEAD
    yield "|" + "---|" * (HEAD.count("|") - 1)
    for row in rows:
        size = "x".join(map(str, row["size"]))
        name = row["row"] if row["row"] in (BF16_RESIDENT, INT8_RESIDENT) or not row.get("cap") else f"{row['row']}, capped"
        if row["failed"]:
            yield f"| {name} | {size} | failed: {_cell(row['failed'])} |" + " |" * (HEAD.count("|") - 4)
            continue
        seconds = f"{row['seconds_per_step']:.3g} | {row['first_step']:.3g}"
        amounts = " | ".join(_gib(row.get(key)) for key in ("allocated", "reserved", "driver", "held", "taken"))
        apart = f"{row['apart']:.1e}" if "apart" in row else ""
        yield f"| {name} | {size} | {seconds} | {amounts} | {_hidden(row)} | {apart} |"
    for row in rows:
        if "decode_seconds" in row:
            yield ""
            yield _plan_sentence(row)
    yield ""
    yield (
        "Amounts in GiB, at most. Driver: all that is in use of the card, others' included. Held: of this process, mapped files "
        "not counted. Taken: from what the machine had free. Copying hidden: 1 - (a step by the plan - a step with the same "
        "weights all on the card) / copying alone. Apart: of the latents, relative to bf16 all on the card. "
        f"The whole transformer is on the card in {MODEL}."
    )


def _hidden(row: Row) -> str:
    """Returns the share of copying that is hidden, or why there is none; nothing for diffusers' methods."""
    if "hidden" in row:
        return f"{row['hidden']:.0%}"
    if "copied" in row:
        return NOT_MEASURED if row["copied"] else "nothing is copied"
    return ""


def _plan_sentence(row: Row) -> str:
    """Returns one sentence about the plan of a row, its copying and its decoding."""
    plan, size, streamed = row["plan"], "x".join(map(str, row["size"])), "nothing"
    if row["copied"]:
        streamed = f"{_gib(row['copied'])} GiB from {plan['stream']}, {row['copy_seconds']:.3g} s alone"
    return (
        f"{row['row']}, {size}: {plan['weights']}, {plan['resident']} of {plan['blocks']} blocks on the card; streamed: "
        f"{streamed}; a section decoded in tiles of {plan['vae_tile']} pixels: {row['decode_seconds']:.3g} s."
    )


def _films(rows: list[Row]) -> Iterator[str]:
    if not rows:
        return
    yield ""
    yield "| film | size | sections | seconds | card, reserved | memory, held |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        size = "x".join(map(str, row["size"]))
        result = f"failed: {_cell(row['failed'])}" if row["failed"] else f"{row['seconds']:.3g}"
        yield f"| {row['row']} | {size} | {row['sections']} | {result} | {_gib(row.get('reserved'))} | {_gib(row.get('held'))} |"
    yield ""
    yield "From the picture to the frames, with the model's own steps; the prompt is read beforehand and not counted."


def _goals(goals: list[dict[str, Any]]) -> Iterator[str]:
    if goals:
        yield ""
        yield "| goal | measured | met |"
        yield "|---|---|---|"
    for goal in goals:
        value = NOT_MEASURED if goal["value"] is None else f"{goal['value']:.3g} {goal['unit']}"
        yield f"| {goal['goal']} | {value} | {'' if goal['met'] is None else 'yes' if goal['met'] else 'no'} |"


def _gib(amount: int | None) -> str:
    return "" if amount is None else f"{amount / GB:.2f}"


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
