"""The figures of placements as a table, and which goals they meet. It measures nothing and estimates nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from studio.lab.measure.offload_films import OURS as FILM
from studio.lab.measure.offload_films import STOCK
from studio.lab.measure.offloads import MODEL, OURS, RESIDENT, WHOLE
from studio.placement.machine import GB
from studio.placement.plan import CUDA_CONTEXT

Row = dict[str, Any]
SQUARE = [640, 640]
NOT = "not measured"
HEAD = (
    "| way | size | s a step | first step | card, allocated | card, reserved | card, driver | memory, held | memory, taken "
    "| copying hidden | apart |"
)


def file_of(out: Path, row: str, size: Sequence[int], suffix: str) -> Path:
    """Where a row's figures lie, and with another suffix its latents."""
    return out / "rows" / f"{row.replace(' ', '-').replace(',', '')}-{size[0]}x{size[1]}{suffix}"


def compared(rows: list[Row], out: Path) -> None:
    """Fill in what takes two rows of the same size: how much copying is hidden, and how far the newest row's latents are apart.

    Hidden is 1 - (streamed - resident) / copying: seconds of a step by the plan, of a step with the same weights all on the card,
    and of copying the streamed blocks once while nothing computes.
    """
    known = {row["row"]: row for row in rows}
    ours = known.get(OURS, {})
    like = known.get(WHOLE if ours.get("plan", {}).get("weights") == "int8" else RESIDENT, {})
    if ours.get("copy_seconds") and like.get("seconds_per_step"):
        ours["hidden"] = 1 - (ours["seconds_per_step"] - like["seconds_per_step"]) / ours["copy_seconds"]
    truth = _latents(known[RESIDENT], out) if RESIDENT in known else None
    for row in rows:
        mine = _latents(row, out)
        if mine is not None and truth is not None:
            row["apart"] = float((mine - truth).norm() / truth.norm())


def _latents(row: Row, out: Path) -> torch.Tensor | None:
    if row["failed"]:
        return None
    path = file_of(out, row["row"], row["size"], ".pt")
    found: torch.Tensor = torch.load(path, weights_only=True)
    return found


def goals(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """What was set out for, each with the figure that says whether it is met; None where it was not measured."""
    if figures["machine"]["tiny"]:
        return []
    square = {row["row"]: row for row in figures["rows"] if row["size"] == SQUARE and not row["failed"]}
    ours, resident, cap = square.get(OURS), square.get(RESIDENT), figures["cap_gib"]
    card = _on_card(ours) / GB if ours and cap == 6 else None
    slower = ours["seconds_per_step"] / resident["seconds_per_step"] if ours and resident and cap == 12 else None
    lean = ours if ours and ours["plan"]["weights"] == "int8" and ours["plan"]["streamed"] else None
    memory = max(lean.get("held", 0), lean.get("taken", 0)) / GB if lean else None
    films = {row["row"]: row["seconds"] for row in figures["films"] if row["size"] == SQUARE and not row["failed"]}
    stock = [seconds for row, seconds in films.items() if row in STOCK]
    faster = min(stock) / films[FILM] if stock and FILM in films else None
    return [
        _goal("640x640 within 6 GiB of the card (with --cap-gib 6)", "GiB", card, card is not None and card <= 6),
        _goal("a step at 12 GiB within 10 % of bf16 all on the card (with --cap-gib 12)", "times", slower, (slower or 2) <= 1.1),
        _goal("memory of int8 weights streamed, under 24 GiB", "GiB", memory, memory is not None and memory < 24),
        _goal("a film 1.3 times faster than the stock pipeline with its best offload", "times", faster, (faster or 0) >= 1.3),
    ]


def _on_card(row: Row) -> int:
    """Bytes of the card: what the driver said, or the allocator's with CUDA's own on top."""
    if "driver" in row:
        return int(row["driver"])
    return int(row["reserved"]) + CUDA_CONTEXT


def _goal(text: str, unit: str, value: float | None, met: bool) -> dict[str, Any]:
    return {"goal": text, "unit": unit, "value": value, "met": met if value is not None else None}


def markdown(figures: dict[str, Any]) -> str:
    """The table, with the machine that it was measured on."""
    here = figures["machine"]
    lines = [
        f"Measured on {here['card']} ({here['card_bytes'] / GB:.0f} GiB), {here['ram_bytes'] / GB:.0f} GiB of memory, "
        f"torch {here['torch']}, diffusers {here['diffusers']}; random weights, a cap of {figures['cap_gib']} GiB.",
    ]
    if here["tiny"]:
        lines = ["**Tried on a small network and an imitated card: these figures say nothing about any card.**"]
    lines += ["", *_steps(figures["rows"]), *_films(figures["films"]), *_goals(figures["goals"])]
    return "\n".join(lines) + "\n"


def _steps(rows: list[Row]) -> Iterator[str]:
    yield HEAD
    yield "|" + "---|" * (HEAD.count("|") - 1)
    for row in rows:
        size = "x".join(map(str, row["size"]))
        name = row["row"] if row["row"] in (RESIDENT, WHOLE) or not row.get("cap") else f"{row['row']}, capped"
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
            yield _laid(row)
    yield ""
    yield (
        "Amounts in GiB, at most. Driver: all that is in use of the card, others' included. Held: of this process, mapped files "
        "not counted. Taken: from what the machine had free. Copying hidden: 1 - (a step by the plan - a step with the same "
        "weights all on the card) / copying alone. Apart: of the latents, relative to bf16 all on the card. "
        f"The whole transformer is on the card in {MODEL}."
    )


def _hidden(row: Row) -> str:
    """The share, or why there is none; nothing in the rows of others."""
    if "hidden" in row:
        return f"{row['hidden']:.0%}"
    if "copied" in row:
        return NOT if row["copied"] else "nothing is copied"
    return ""


def _laid(row: Row) -> str:
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
        said = f"failed: {_cell(row['failed'])}" if row["failed"] else f"{row['seconds']:.3g}"
        yield f"| {row['row']} | {size} | {row['sections']} | {said} | {_gib(row.get('reserved'))} | {_gib(row.get('held'))} |"
    yield ""
    yield "From the picture to the frames, with the model's own steps; the prompt is read beforehand and not counted."


def _goals(found: list[dict[str, Any]]) -> Iterator[str]:
    if found:
        yield ""
        yield "| goal | measured | met |"
        yield "|---|---|---|"
    for goal in found:
        value = NOT if goal["value"] is None else f"{goal['value']:.3g} {goal['unit']}"
        yield f"| {goal['goal']} | {value} | {'' if goal['met'] is None else 'yes' if goal['met'] else 'no'} |"


def _gib(amount: int | None) -> str:
    return "" if amount is None else f"{amount / GB:.2f}"


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")
