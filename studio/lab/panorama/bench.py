"""Carries out a plan of the memory bench: trains what is not trained yet, measures it, and writes results, a table and a plot.

A run's folder holds its checkpoint and its result; both are kept, so a bench that was stopped goes on where it was.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from studio.disk import atomic_write
from studio.lab.panorama.arms import count_parameters
from studio.lab.panorama.costs import Costs, measure_costs
from studio.lab.panorama.drift import DriftResult, measure_drift
from studio.lab.panorama.evaluation import BATCH, GapResult, Results, evaluate
from studio.lab.panorama.plan import Plan
from studio.lab.panorama.training import Run, train

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunResult:
    """What came out of one run."""

    run: Run
    parameters: int
    seconds: float                      # of training
    losses: list[float]
    costs: Costs
    results: dict[int, Results]         # by the films' length in sections
    drift: dict[str, DriftResult] = field(default_factory=dict)    # of films that go on from their own sections, by part

    def as_dict(self) -> dict[str, Any]:
        """For JSON; lengths become text."""
        return asdict(self)


def carry_out(
    plan: Plan, folder: Path, threads: int = 1, only: Sequence[str] = (), seeds: Sequence[int] = (), device: str = "cpu"
) -> list[RunResult]:
    """The results of all runs of a plan.

    Args:
        folder: where runs lie.
        threads, device: of torch.
        only: arms of the plan that are run; empty: all.
        seeds: in place of the plan's; empty: the plan's.
    """
    runs = replace(plan, seeds=tuple(seeds) or plan.seeds).runs()
    return [carry_out_run(run, plan, folder, threads, device) for run in runs if not only or run.arm in only]


def carry_out_run(run: Run, plan: Plan, folder: Path, threads: int = 1, device: str = "cpu") -> RunResult:
    """Train and measure one run, or read what was measured before."""
    path = folder / run.name / "result.json"
    known = read_results(path) if path.is_file() else None
    lengths = [length for length in plan.sections if known is None or length not in known.results]
    drift = plan.alone and (known is None or not known.drift)
    if known is not None and not lengths and not drift:
        return known
    trained = train(run, folder, threads, device)
    results = dict(known.results) if known else {}
    for length in lengths:
        log.info("%s: measuring films of %d sections", run.name, length)
        films = max(BATCH, plan.films * plan.sections[0] // length // BATCH * BATCH)      # about as many sections of each length
        results[length] = evaluate(trained.network, run, films, length)
    with torch.no_grad():
        costs = known.costs if known else measure_costs(trained.network, run)
    alone = measure_drift(trained.network, run, plan.films, plan.alone) if drift else known.drift if known else {}
    found = RunResult(run, count_parameters(trained.network), trained.seconds, trained.losses, costs, results, alone)
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(found.as_dict(), indent=1) + "\n", "utf-8")
    return found


def read_results(path: Path) -> RunResult:
    """The result that was written for a run."""
    values = json.loads(path.read_text("utf-8"))
    results = {
        int(length): {memory: {gap: GapResult(**result) for gap, result in gaps.items()} for memory, gaps in memories.items()}
        for length, memories in values["results"].items()
    }
    return RunResult(Run.from_dict(values["run"]), values["parameters"], values["seconds"], values["losses"],
                     Costs(**values["costs"]), results,
                     {part: DriftResult(**found) for part, found in values.get("drift", {}).items()})
