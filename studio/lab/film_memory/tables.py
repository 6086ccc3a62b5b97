"""Results of the comparison as figures, as a table in Markdown, and as a plot over the gap."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.lab.film_memory.bench import ArmResult, Plan
from studio.lab.film_memory.evaluation import SHOWN, Score
from studio.lab.measure.intervals import Estimate, estimate
from studio.lab.plots import Line, Panel, save_plot

CEILINGS = {"cells": "the picture's own cells", "autoencoder": "the autoencoder alone"}
"""What no memory on this path can beat, as it is called in tables."""


def by_arm(results: Sequence[ArmResult]) -> dict[str, list[ArmResult]]:
    """Results of the same arm, of several seeds."""
    groups: dict[str, list[ArmResult]] = {}
    for result in results:
        groups.setdefault(result.arm, []).append(result)
    return groups


def mean(results: Sequence[ArmResult], sections: int, memory: str, gap: str, what: str = "psnr") -> Estimate | None:
    """Mean of a value of `Score` over films and seeds, with its interval over pictures; None if nothing was measured."""
    found = [score for result in results for score in result.scores.get(sections, ()) if (score.memory, score.gap) == (memory, gap)]
    return estimate([getattr(score, what) for score in found], [score.picture for score in found])


def beside_map(results: Sequence[ArmResult], group: Sequence[ArmResult], sections: int) -> Estimate | None:
    """By how many dB an arm is better than the map over all gaps, film by film; None for the map, and where it was not measured."""
    maps = [_whole_films(result, sections) for result in results if result.arm == "map"]
    if not maps or group[0].arm == "map":
        return None
    pairs = [pair for result in group for pair in zip(_whole_films(result, sections), maps[0], strict=True)]
    return estimate([score.psnr - map_score.psnr for score, map_score in pairs], [score.picture for score, _ in pairs])


def _whole_films(result: ArmResult, sections: int) -> list[Score]:
    """The scores of all gaps of each film, with its own memory."""
    return [score for score in result.scores[sections] if (score.memory, score.gap) == ("own", "all")]


def figures(plan: Plan, results: Sequence[ArmResult]) -> dict[str, Any]:
    """All that is shown, for JSON."""
    arms = {}
    for arm, group in by_arm(results).items():
        memories = ("own", "other", *CEILINGS) if arm == "map" else ("own", "other")
        arms[arm] = {
            "seeds": [result.seed for result in group], "parameters": group[0].parameters, "steps": group[0].steps,
            "losses": [[round(loss, 5) for loss in result.losses] for result in group],
            "psi kB": group[0].costs.kilobytes,
            "update ms": round(group[0].costs.update, 2), "read ms": round(group[0].costs.read, 2),
            "beside the map": {
                sections: [round(each, 2) for each in (found.mean, found.low, found.high)]
                for sections in plan.sections if (found := beside_map(results, group, sections)) is not None},
            "films": {sections: {memory: _gaps(group, sections, memory) for memory in memories} for sections in plan.sections},
        }
    return {"question": plan.question, "expected": plan.expected.strip(), "arms": arms}


def _gaps(group: Sequence[ArmResult], sections: int, memory: str) -> dict[str, Any]:
    """PSNR and latents by gap."""
    found: dict[str, Any] = {}
    for gap in (*SHOWN, "all"):
        if (psnr := mean(group, sections, memory, gap)) is not None:
            latents = mean(group, sections, memory, gap, "latents")
            found[gap] = {"psnr": [round(each, 2) for each in (psnr.mean, psnr.low, psnr.high)], "films": psnr.count}
            if memory not in CEILINGS and latents is not None:
                found[gap]["latents"] = round(latents.mean, 2)
    return found


def markdown(plan: Plan, results: Sequence[ArmResult]) -> str:
    """One table for each length of films."""
    text = f"# {plan.question}\n\nExpected before the runs: {plan.expected.strip()}\n"
    for sections in plan.sections:
        text += (f"\nFilms of {sections} sections; dB by sections out of view, and of all gaps together with 95 % intervals over "
                 f"pictures:\n\n{_table(results, sections)}")
    return text


def _table(results: Sequence[ArmResult], sections: int) -> str:
    """One line an arm."""
    gaps = [gap for gap in SHOWN if mean(results, sections, "own", gap)]
    head = ["arm", "seeds", "parameters", *gaps, "all", "beside the map", "latents", "another film's", "psi, kB",
            "update, read, ms"]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for arm, group in by_arm(results).items():
        costs = group[0].costs
        latents = mean(group, sections, "own", "all", "latents")
        cells = [*(_number(mean(group, sections, "own", gap)) for gap in gaps), _interval(mean(group, sections, "own", "all")),
                 _signed(beside_map(results, group, sections)), _number(latents),
                 _number(mean(group, sections, "other", "all")), f"{costs.kilobytes.get(sections, 0):,}",
                 f"{costs.update:.0f}, {costs.read:.0f}"]
        seeds, parameters = (str(len(group)), f"{group[0].parameters:,}") if group[0].parameters else ("", "not trained")
        lines.append(f"| {' | '.join([arm, seeds, parameters, *cells])} |")
        if arm == "map":
            for ceiling, name in CEILINGS.items():
                numbers = [*(_number(mean(group, sections, ceiling, gap)) for gap in gaps),
                           _interval(mean(group, sections, ceiling, "all"))]
                lines.append(f"| ({name}) | | | {' | '.join(numbers)} | | | | | |")
    return "\n".join(lines) + "\n"


def plot(plan: Plan, results: Sequence[ArmResult], path: Path) -> None:
    """PSNR over the gap, a panel for each length of films."""
    panels = []
    for sections in plan.sections:
        labels = [gap for gap in SHOWN if mean(results, sections, "own", gap)]
        lines = []
        for number, (arm, group) in enumerate(by_arm(results).items()):
            points = [(float(at), found) for at, gap in enumerate(labels) if (found := mean(group, sections, "own", gap))]
            x, y, low, high = ([at for at, _ in points], *([getattr(found, name) for _, found in points]
                                                           for name in ("mean", "low", "high")))
            lines.append(Line(arm, x, y, low, high, number + number // 6, "solid" if number < 6 else "dashed"))
        panels.append(Panel(f"PSNR in dB, films of {sections} sections", lines, "sections out of view: " + ", ".join(labels)))
    save_plot(path, panels, panel_size=(420, 340))


def _number(found: Estimate | None) -> str:
    return "" if found is None else f"{found.mean:.1f}"


def _signed(found: Estimate | None) -> str:
    return "" if found is None else f"{found.mean:+.1f} ({found.low:+.1f} to {found.high:+.1f})"


def _interval(found: Estimate | None) -> str:
    return "" if found is None else f"{found.mean:.1f} ({found.low:.1f} to {found.high:.1f})"
