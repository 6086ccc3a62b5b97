"""The command `measure placement`: the full-size model with random weights under a memory cap, by our and diffusers' methods.

Each method runs in a process of its own, so that its peaks are its own, and if the system kills it for lack of memory, nothing else
ends. Figures are written after every row. It needs a CUDA GPU; with `--tiny` the same code is tested without one.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from studio.catalogue.cards import ModelCard, ModelError
from studio.lab.measure import offload_films, offloads, placement_table, random_weights
from studio.lab.measure.gauges import CudaGpu, ImitatedGpu, MeasuredGpu
from studio.lab.measure.offloads import INT8_RESIDENT, OURS, Trial
from studio.lab.measure.placement_table import row_file
from studio.media import MediaError
from studio.placement.machine import GB, probe_machine
from studio.placement.profile import Profile, ProfileError, select_profile
from studio.placement.sizes import Size

UNAVAILABLE = (
    "Placements are measured on a CUDA graphics card, and there is none here: nothing was measured. "
    "Run this on the machine in question; --tiny only tries the command out.\n"
)
Row = dict[str, Any]
MeasureRow = Callable[[str, Size], Row]


def run(options: argparse.Namespace) -> int:
    """Carries out the command `measure placement` and returns its exit status.

    0: measured, failed rows included; 1: it could not begin; 2: there is no GPU.
    """
    if not options.tiny and not torch.cuda.is_available():
        sys.stderr.write(UNAVAILABLE)
        return 2
    gpu: MeasuredGpu = ImitatedGpu() if options.tiny else CudaGpu()
    out: Path = options.output
    try:
        profile = select_profile(options.profile)
        config = random_weights.small_config() if options.tiny else random_weights.full_config()
        card = random_weights.write_model(options.weights or out / "weights", config, tuple(options.size), _report)
        if options.row:
            _measure_row(options, card, profile, gpu)
            return 0
        _prepare(options, card, profile, gpu)
        table = measure(options, lambda method, size: _measure_in_process(options, method, size), gpu)
    except (ModelError, MediaError, ProfileError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(table)
    return 0


def measure(options: argparse.Namespace, measure_row: MeasureRow, gpu: MeasuredGpu) -> str:
    """Measures all rows by `measure_row` and returns the table.

    JSON and table are written to the output folder after every row.
    """
    out: Path = options.output
    figures: dict[str, Any] = {
        "machine": machine_record(options, gpu), "cap_gib": options.cap_gib, "rows": [], "films": [], "goals": [],
    }
    table = ""
    for size in options.size:
        rows: list[Row] = []
        for method in offloads.METHODS:
            if method == INT8_RESIDENT and not _streams_int8(rows):
                continue
            _report(f"{size[0]} x {size[1]}: {method} ...")
            rows.append(measure_row(method, size))
            placement_table.add_comparisons(rows, out)
            table = _write(figures, "rows", rows[-1], out)
        for method in offload_films.METHODS if options.film else ():
            _report(f"{size[0]} x {size[1]}: {method} ...")
            table = _write(figures, "films", measure_row(method, size), out)
    return table


def machine_record(options: argparse.Namespace, gpu: MeasuredGpu) -> dict[str, Any]:
    """Returns the machine, the libraries' versions and the options that were measured with, for JSON."""
    machine = gpu.machine(probe_machine(options.output), None)
    import diffusers

    return {
        "card": machine.gpu.name if machine.gpu else "none", "card_bytes": machine.gpu.total if machine.gpu else 0,
        "ram_bytes": machine.ram_total, "cores": machine.cores, "system": platform.platform(), "torch": torch.__version__,
        "cuda": torch.version.cuda, "diffusers": diffusers.__version__, "tiny": bool(options.tiny), "steps": options.steps,
        "film_sections": options.film,
    }


def _streams_int8(rows: list[Row]) -> bool:
    """Returns whether our plan streams int8 weights: only then is having all of them on the GPU something else to compare with."""
    plan = next((row["plan"] for row in rows if row["row"] == OURS and "plan" in row), None)
    return plan is not None and plan["streamed"] > 0 and plan["weights"] == "int8"


def _write(figures: dict[str, Any], kind: str, row: Row, out: Path) -> str:
    """Adds a row to the figures, writes JSON and table, and returns the table."""
    figures[kind].append(row)
    figures["goals"] = placement_table.goals(figures)
    table = placement_table.markdown(figures)
    (out / "placement.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    (out / "placement.md").write_text(table, "utf-8")
    return table


def _prepare(options: argparse.Namespace, card: ModelCard, profile: Profile | None, gpu: MeasuredGpu) -> None:
    """Removes the rows of an earlier run, and writes every kind of weights to the disk before anything is measured."""
    out: Path = options.output
    (out / "rows").mkdir(parents=True, exist_ok=True)
    for old in (out / "rows").iterdir():
        old.unlink()
    for size in options.size:
        try:
            plan = offloads.plan_trial(_trial(options, OURS, size, card, profile), gpu, options.cap_gib * GB)
        except ModelError:
            continue                                             # the row of this size will report it
        offloads.transformer(card, plan.profile.weights, gpu.device, _report)


def _trial(options: argparse.Namespace, method: str, size: Size, card: ModelCard, profile: Profile | None) -> Trial:
    return Trial(method, size, options.cap_gib * GB, options.steps, card, profile, options.tiny)


def _measure_row(options: argparse.Namespace, card: ModelCard, profile: Profile | None, gpu: MeasuredGpu) -> None:
    """Measures one row in this process and writes it to its file."""
    path = row_file(options.output, options.row, options.size[0], ".json")
    trial = _trial(options, options.row, options.size[0], card, profile)
    if options.row in offload_films.METHODS:
        row = offload_films.measure_film(trial, gpu, _report, options.film)
    else:
        row = offloads.measure_method(trial, gpu, _report, path.with_suffix(".pt"))
    path.write_text(json.dumps(row), "utf-8")


def _measure_in_process(options: argparse.Namespace, method: str, size: Size) -> Row:
    """Measures one row in a process of its own and returns it; if the process failed, the row says so."""
    path = row_file(options.output, method, size, ".json")
    code = _run_command(_arguments(options, method, size))
    if path.is_file():
        row: Row = json.loads(path.read_text("utf-8"))
        return row
    why = f"the system ended it (signal {-code}), as it does where memory runs out" if code < 0 else f"it ended with {code}"
    return {"row": method, "size": list(size), "failed": why}


def _run_command(arguments: list[str]) -> int:
    """Runs the lab's command with these arguments in another process and returns its exit status."""
    command = [sys.executable, "-m", "studio.lab", *arguments]
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode


def _arguments(options: argparse.Namespace, method: str, size: Size) -> list[str]:
    """Returns the arguments after `python -m studio.lab` by which another process measures one method at one size."""
    arguments = ["measure", "placement", "--cap-gib", str(options.cap_gib), "--size", f"{size[0]}x{size[1]}",
                 "--steps", str(options.steps), "--film", str(options.film), "--output", str(options.output), "--row", method]
    for name in ("profile", "weights"):
        if (value := getattr(options, name)) is not None:
            arguments += [f"--{name}", str(value)]
    return [*arguments, "--tiny"] if options.tiny else arguments


def _report(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
