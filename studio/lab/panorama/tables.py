"""Results of the memory bench as a table in Markdown, and as a plot of identity and PSNR over the gap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from studio.lab.panorama.bench import RunResult
from studio.lab.panorama.evaluation import CHOICES, GAPS
from studio.lab.plots import Line, Panel, save_plot

IN_VIEW = "1"
"""The gap of parts that the newest section shows."""
SHOWN = [gap for gap in GAPS if gap not in (IN_VIEW, "new")]
"""Gaps that a memory is needed for."""
STYLES = ("solid", "dashed", "dotted")


def group(results: Sequence[RunResult]) -> dict[str, list[RunResult]]:
    """Results of the same arm and settings, of several seeds."""
    groups: dict[str, list[RunResult]] = {}
    for result in results:
        groups.setdefault(result.run.name.rpartition("-")[0], []).append(result)
    return groups


def mean(results: Sequence[RunResult], length: int, memory: str, gap: str, what: str) -> tuple[float, float] | None:
    """Mean over seeds of a value of `GapResult`, and the standard error of it: over seeds, or of one seed over its films."""
    found = [result.results[length][memory][gap] for result in results
             if gap in result.results.get(length, {}).get(memory, {})]
    if not found:
        return None
    values = np.array([getattr(result, what) for result in found])
    if len(values) > 1:
        return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))
    return float(values[0]), found[0].error if what == "identity" else 0.0


def table(results: Sequence[RunResult], length: int) -> str:
    """One line an arm: identity by gap and PSNR with its own memory, and what another film's memory and none show.

    In view is what the newest section shows as well, so that no memory is needed: how sharp the denoiser is by itself.
    """
    gaps = [gap for gap in SHOWN if any(mean([result], length, "own", gap, "identity") for result in results)]
    head = ["arm", "seeds", "parameters", "tokens read", *gaps, "PSNR", "in view", "other's", "none", "psi, kB", "ms"]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for name, group_results in group(results).items():
        last = _last(group_results, length, gaps)
        if last is None:
            continue
        costs = group_results[0].costs
        lines.append("| " + " | ".join([
            name, str(len(group_results)), f"{group_results[0].parameters:,}", _change(costs.tokens_first, costs.tokens_last),
            *(_share(mean(group_results, length, "own", gap, "identity")) for gap in gaps),
            _number(mean(group_results, length, "own", last, "psnr"), 1),
            _number(mean(group_results, length, "own", IN_VIEW, "psnr"), 1),
            _share(mean(group_results, length, "other", last, "other")),
            _share(mean(group_results, length, "none", last, "identity")),
            _change(costs.bytes_first // 1000, costs.bytes_last // 1000), f"{costs.early:.1f} to {costs.late:.1f}",
        ]) + " |")
    return "\n".join(lines) + "\n"


def drift_table(results: Sequence[RunResult]) -> str:
    """One line a run: what is left of the first section in films that go on from their own sections."""
    parts = list(dict.fromkeys(part for result in results for part in result.drift))
    lines = [f"| arm | {' | '.join(f'sections {part}' for part in parts)} |", "|" + "---|" * (len(parts) + 1)]
    for result in results:
        if result.drift:
            cells = [f"{100 * found.identity:.0f} %, {found.psnr:.1f} dB, contrast {found.contrast:.2f}"
                     if (found := result.drift.get(part)) else "" for part in parts]
            lines.append(f"| {result.run.name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def plot(results: Sequence[RunResult], lengths: Sequence[int], path: Path) -> None:
    """Identity and PSNR over the gap, a pair of panels for each length of film."""
    panels = []
    for length in lengths:
        for what, title in (("identity", "identified"), ("psnr", "PSNR in dB")):
            lines = []
            for index, (name, group_results) in enumerate(group(results).items()):
                points = [(at, found) for at, gap in enumerate(SHOWN) if (found := mean(group_results, length, "own", gap, what))]
                x, y = [float(at) for at, _ in points], [value for _, (value, _) in points]
                low, high = [value - error for _, (value, error) in points], [value + error for _, (value, error) in points]
                lines.append(Line(name, x, y, low, high, index, STYLES[index // 6 % len(STYLES)]))      # there are six colours
            level = ("chance", 1 / CHOICES) if what == "identity" else None
            count = max((int(line.x[-1]) + 1 for line in lines if line.x), default=0)
            title = f"{title}, films of {length} sections"
            panels.append(Panel(title, lines, "sections out of view", "", level, ticks=SHOWN[:count]))
    save_plot(path, panels)


def _last(results: Sequence[RunResult], length: int, gaps: Sequence[str]) -> str | None:
    """The longest gap that was measured."""
    return next((gap for gap in reversed(gaps) if mean(results, length, "own", gap, "identity")), None)


def _share(found: tuple[float, float] | None) -> str:
    return "" if found is None else f"{100 * found[0]:.0f} ± {100 * found[1]:.0f}"


def _number(found: tuple[float, float] | None, digits: int) -> str:
    return "" if found is None else f"{found[0]:.{digits}f}"


def _change(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,} to {last:,}"


