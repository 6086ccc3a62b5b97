"""The figures of `measure scale` as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from studio.placement.machine import GB

Row = dict[str, Any]


def markdown(figures: Row) -> str:
    """The tables."""
    rows = {row["row"]: row for row in figures["rows"]}
    lines = ["**Tried on a tiny network: these figures say nothing about a large model.**", ""] if figures["tiny"] else []
    for name, describe in (("layers", _layers), ("write", _write), ("prepare", _prepare)):
        if name in rows:
            lines.append(f"- {_failed(rows[name]) or describe(rows[name])}")
    hosts = [row for row in figures["rows"] if row["row"].startswith("host ")]
    if hosts:
        lines += ["", *_hosts(hosts, figures["cap_gib"])]
    return "\n".join(lines) + "\n"


def _failed(row: Row) -> str:
    return f"{row['row']}: failed: {row['failed']}" if row["failed"] else ""


def _layers(row: Row) -> str:
    def apart(name: str) -> str:
        return "the same bits" if row[name] == 0 else f"{row[name]:.1e} apart"

    names = ("bf16 from memory", "bf16 from disk", "int8 from memory")
    return "Latents of the same width with few blocks, placed, beside those of the network as its library loads it: " + ", ".join(
        f"{name} {apart(name)}" for name in names) + "."


def _write(row: Row) -> str:
    return (
        f"{row['parameters'] / 1e9:.2f} billion parameters written as {row['files']} shards of {_gb(row['bytes'])} together in "
        f"{row['write_seconds']:.0f} s, found and checked by checksum in {row['check_seconds']:.0f} s ({row['state']}); memory "
        f"held {_gb(row.get('held'))}."
    )


def _prepare(row: Row) -> str:
    return (
        f"Prepared to int8 in {row['prepare_seconds']:.0f} s: {row['files']} files of {_gb(row['bytes'])} together, the largest "
        f"{_gb(row['largest_file'])}; memory held {_gb(row.get('held'))}."
    )


def _hosts(rows: Sequence[Row], cap: int) -> Iterator[str]:
    head = (
        "memory", "plan", "loading", "first step, next", "read from disk in them", "copied to the card in a step",
        "memory held, most", "weights in memory: plan, measured", "weights on the card: plan, measured", "mapped files, most",
    )
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield _host(row, len(head))
    yield ""
    limited = sorted({row["limited_by"] for row in rows if row.get("limited_by")})
    enforced = f"Each process may have no more memory of its own than its plan, enforced by {limited[0]}" if limited else (
        "The limits were not enforced")
    yield (
        f"A machine with a card of {cap} GB, which is imitated: what lies on it lies in this machine's memory, and is part of what "
        f"is held. {enforced}; mapped files are not counted in that. Weights in memory: held beyond what the process had before "
        "loading and beyond the card's, with what computing takes."
    )
    for row in rows:
        for what, why in row.get("refused", {}).items():
            yield ""
            yield f"- {row['row'].removeprefix('host ')} GB, {what}, refused before anything is read: “{why}”"
        if "bf16_ram" in row:
            yield ""
            yield f"- {row['row'].removeprefix('host ')} GB, bf16 from memory: planned with {_gb(row['bf16_ram'])}, not run."


def _host(row: Row, columns: int) -> str:
    memory = f"{row['row'].removeprefix('host ')} GB"
    if row["failed"] or "plan" not in row:
        same = f"the plan of {row['same_as']} GB" if "same_as" in row else "refused, see below"
        why = f"failed: {row['failed']}" if row["failed"] else same
        return f"| {memory} | {why.replace('|', '/')} |" + " |" * (columns - 2)
    plan = row["plan"]
    seconds = [f"{value:.0f} s" for value in (row["step_seconds"][0], row["step_seconds"][-1])]
    host = row["held"] - row["before"] - row["imitated"]
    promised = plan["pinned"]
    cells = (
        memory, f"int8, {plan['resident']} of {plan['blocks']} blocks on the card, {_gb(plan['streamed'])} from "
        f"{'memory' if plan['stream'] == 'ram' else 'disk'}", f"{row['load_seconds'] + row['place_seconds']:.0f} s",
        ", ".join(seconds), f"{_gb(row['step_read'][0])}, {_gb(row['step_read'][-1])}", _gb(row["copied"]), _gb(row["held"]),
        _beside(promised, host),
        _beside(plan["card_weights"], row["on_card"]), _gb(row.get("mapped")),
    )
    return f"| {' | '.join(cells)} |"


def off(promised: int, measured: int) -> float:
    """By which share what was measured is above (or below, negative) what the plan says."""
    return measured / promised - 1 if promised else 0.0


def _beside(promised: int, measured: int) -> str:
    share = f" ({off(promised, measured):+.0%})" if promised else ""
    return f"{_gb(promised)}, {_gb(measured)}{share}"


def _gb(amount: int | None) -> str:
    return "unknown" if amount is None else f"{amount / GB:.2f} GB"
