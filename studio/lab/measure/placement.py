"""Placements measured: the full-size model with random weights under a memory cap, ours next to diffusers' ways of offloading.

Each way runs in a process of its own, so that its peaks are its own and a system that ends it for want of memory ends nothing else.
What is measured is written as it comes. It needs a CUDA card; `--tiny` tries the same lines without one.
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
from studio.lab.measure.gauges import Card, CudaCard, ImitatedCard
from studio.lab.measure.offloads import OURS, WHOLE, Trial
from studio.lab.measure.placement_table import file_of
from studio.media import MediaError
from studio.placement.machine import GB, probe_machine
from studio.placement.profile import Profile, ProfileError, select_profile
from studio.placement.sizes import Size

UNAVAILABLE = (
    "Placements are measured on a CUDA graphics card, and there is none here: nothing was measured. "
    "Run this on the machine in question; --tiny only tries the command out.\n"
)
Row = dict[str, Any]
Run = Callable[[str, Size], Row]


def run(options: argparse.Namespace) -> int:
    """Carry out the command `measure placement` and return its exit status.

    0: measured, failed rows included; 1: it could not begin; 2: there is no card.
    """
    if not options.tiny and not torch.cuda.is_available():
        sys.stderr.write(UNAVAILABLE)
        return 2
    on: Card = ImitatedCard() if options.tiny else CudaCard()
    out: Path = options.output
    try:
        profile = select_profile(options.profile)
        config = random_weights.small() if options.tiny else random_weights.full()
        card = random_weights.model(options.weights or out / "weights", config, tuple(options.size), _say)
        if options.row:
            _one(options, card, profile, on)
            return 0
        _prepared(options, card, profile, on)
        table = measure(options, lambda row, size: _apart(options, row, size), on)
    except (ModelError, MediaError, ProfileError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(table)
    return 0


def measure(options: argparse.Namespace, run: Run, on: Card) -> str:
    """All rows, by `run`; JSON and table lie in the output folder after every row. The table comes back."""
    out: Path = options.output
    figures: dict[str, Any] = {"machine": machine(options, on), "cap_gib": options.cap_gib, "rows": [], "films": [], "goals": []}
    table = ""
    for size in options.size:
        here: list[Row] = []
        for name in offloads.ROWS:
            if name == WHOLE and not _streams_int8(here):
                continue
            _say(f"{size[0]} x {size[1]}: {name} ...")
            here.append(run(name, size))
            placement_table.compared(here, out)
            table = _kept(figures, "rows", here[-1], out)
        for name in offload_films.ROWS if options.film else ():
            _say(f"{size[0]} x {size[1]}: {name} ...")
            table = _kept(figures, "films", run(name, size), out)
    return table


def machine(options: argparse.Namespace, on: Card) -> dict[str, Any]:
    """What was measured on, for whoever reads the figures."""
    here = on.machine(probe_machine(options.output), None)
    import diffusers

    return {
        "card": here.gpu.name if here.gpu else "none", "card_bytes": here.gpu.total if here.gpu else 0, "ram_bytes": here.ram_total,
        "cores": here.cores, "system": platform.platform(), "torch": torch.__version__, "cuda": torch.version.cuda,
        "diffusers": diffusers.__version__, "tiny": bool(options.tiny), "steps": options.steps, "film_sections": options.film,
    }


def _streams_int8(rows: list[Row]) -> bool:
    """Whether int8 weights on the card as a whole are another thing than what was measured: for how much copying is hidden."""
    plan = next((row["plan"] for row in rows if row["row"] == OURS and "plan" in row), None)
    return plan is not None and plan["streamed"] > 0 and plan["weights"] == "int8"


def _kept(figures: dict[str, Any], kind: str, row: Row, out: Path) -> str:
    """Take a row in, and put everything on the disk."""
    figures[kind].append(row)
    figures["goals"] = placement_table.goals(figures)
    table = placement_table.markdown(figures)
    (out / "placement.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    (out / "placement.md").write_text(table, "utf-8")
    return table


def _prepared(options: argparse.Namespace, card: ModelCard, profile: Profile | None, on: Card) -> None:
    """Have every kind of weights on the disk before anything is measured."""
    out: Path = options.output
    (out / "rows").mkdir(parents=True, exist_ok=True)
    for old in (out / "rows").iterdir():
        old.unlink()
    for size in options.size:
        try:
            plan = offloads.planned(_trial(options, OURS, size, card, profile), on, options.cap_gib * GB)
        except ModelError:
            continue                                             # its row will say so
        offloads.transformer(card, plan.profile.weights, on.device, _say)


def _trial(options: argparse.Namespace, row: str, size: Size, card: ModelCard, profile: Profile | None) -> Trial:
    return Trial(row, size, options.cap_gib * GB, options.steps, card, profile, options.tiny)


def _one(options: argparse.Namespace, card: ModelCard, profile: Profile | None, on: Card) -> None:
    """One row, in this process."""
    path = file_of(options.output, options.row, options.size[0], ".json")
    trial = _trial(options, options.row, options.size[0], card, profile)
    if options.row in offload_films.ROWS:
        row = offload_films.filmed(trial, on, _say, options.film)
    else:
        row = offloads.tried(trial, on, _say, path.with_suffix(".pt"))
    path.write_text(json.dumps(row), "utf-8")


def _apart(options: argparse.Namespace, row: str, size: Size) -> Row:
    """A row in a process of its own."""
    path = file_of(options.output, row, size, ".json")
    code = _process(_arguments(options, row, size))
    if path.is_file():
        found: Row = json.loads(path.read_text("utf-8"))
        return found
    why = f"the system ended it (signal {-code}), as it does where memory runs out" if code < 0 else f"it ended with {code}"
    return {"row": row, "size": list(size), "failed": why}


def _process(arguments: list[str]) -> int:
    """Run the command once more, with these arguments; how it ended."""
    command = [sys.executable, "-m", "studio.lab", *arguments]
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode


def _arguments(options: argparse.Namespace, row: str, size: Size) -> list[str]:
    """The words after `python -m studio.lab` by which another process measures one row at one size."""
    words = ["measure", "placement", "--cap-gib", str(options.cap_gib), "--size", f"{size[0]}x{size[1]}",
             "--steps", str(options.steps), "--film", str(options.film), "--output", str(options.output), "--row", row]
    for name in ("profile", "weights"):
        if (value := getattr(options, name)) is not None:
            words += [f"--{name}", str(value)]
    return [*words, "--tiny"] if options.tiny else words


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


