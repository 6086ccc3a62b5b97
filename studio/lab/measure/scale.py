"""The command `measure scale`: a whole large network with random weights, written, found, prepared, planned and run on a processor.

It finds what only size shows: memory that grows, paths that are slow, estimates that are off. It is no substitute for a graphics
card: the card is imitated (`small_gpu`), so its weights lie in this machine's memory, and seconds say nothing about any card. Every
row runs in a process of its own, so that its peaks are its own. Figures are written after every row.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.catalogue.cards import ModelError
from studio.lab.measure import scale_rows, scale_table
from studio.lab.measure.scale_families import FAMILIES
from studio.lab.measure.scale_rows import LAYERS, PREPARE, WRITE, Scale
from studio.media import MediaError
from studio.placement.machine import GB, system_memory
from studio.placement.profile import ProfileError

Row = dict[str, Any]
RunRow = Callable[[str], Row]
INTERVAL = 0.5
"""Seconds between two looks at the machine's memory while a row runs."""
TINY_SHARD = 40_000
"""Bytes of a shard of the tiny network."""


@dataclass(frozen=True)
class Guard:
    """How much memory of the machine other programs keep."""

    begin: float                   # GB that are free when a row begins, at least
    reserve: float                 # GB that are left free while it runs; else the row is ended


def run(options: argparse.Namespace) -> int:
    """Carries out the command and returns its exit status.

    0: measured, refused and failed rows included; 1: it could not begin.
    """
    out: Path = options.output
    (out / "rows").mkdir(parents=True, exist_ok=True)
    # Fetched weights, and what is prepared from them, must be in the folder that is removed at the end.
    os.environ.pop("STUDIO_MODELS", None)
    try:
        if options.row:
            _row_file(out, options.row).write_text(json.dumps(scale_rows.measure(options.row, _scale(options))), "utf-8")
            return 0
        guard = Guard(0, 0) if options.tiny else Guard(options.begin, options.reserve)
        with _folder(options) as folder:
            options.folder = folder
            table = measure(options, lambda row: _run_in_process(options, row, guard))
    except (ModelError, MediaError, ProfileError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(table)
    return 0


def measure(options: argparse.Namespace, run_row: RunRow) -> str:
    """Measures all rows and returns the tables; JSON and tables are written to the output folder after every row."""
    figures: Row = {
        "family": options.family, "tiny": bool(options.tiny), "cap_gib": options.cap_gib, "steps": options.steps, "rows": [],
        "ram_bytes": system_memory()[0],
    }
    table = ""
    for name in (WRITE, PREPARE, LAYERS, *(f"host {gigabytes}" for gigabytes in options.host)):
        sys.stderr.write(f"{name} ...\n")
        row = run_row(name)
        figures["rows"].append({"row": name, **row})
        table = scale_table.markdown(figures)
        (options.output / "scale.json").write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
        (options.output / "scale.md").write_text(table, "utf-8")
        if row.get("failed") and name in (WRITE, PREPARE):
            break                                           # the others need what it writes
    return table


def _scale(options: argparse.Namespace) -> Scale:
    family = FAMILIES[options.family]
    return Scale(
        family, family.small_config() if options.tiny else family.config(), options.folder, options.cap_gib, options.steps,
        tuple(options.host), bool(options.tiny), **({"shard_bytes": TINY_SHARD} if options.tiny else {}))


@contextmanager
def _folder(options: argparse.Namespace) -> Iterator[Path]:
    """The folder of the weights. What was written there is removed at the end, unless --keep."""
    given: Path | None = options.folder
    folder = given or Path(tempfile.mkdtemp(prefix="memorypack-scale-"))
    if given and given.exists() and any(given.iterdir()):
        raise ModelError(f"{given} is not empty. Name a new folder: it is filled with weights, and emptied at the end.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _row_file(out: Path, row: str) -> Path:
    return out / "rows" / f"{row.replace(' ', '-')}.json"


def _run_in_process(options: argparse.Namespace, row: str, guard: Guard) -> Row:
    """Measures one row in a process of its own, as long as the machine's memory suffices; a row that failed says why."""
    path = _row_file(options.output, row)
    path.unlink(missing_ok=True)
    free = system_memory()[1] / GB
    if free < guard.begin:
        return {"failed": f"not begun: {free:.1f} GB of memory are free, and {guard.begin:g} GB are wanted"}
    process = subprocess.Popen([sys.executable, "-m", "studio.lab", *_arguments(options, row)], stdout=subprocess.DEVNULL)
    ended = _watch(process, guard)
    if path.is_file() and not ended:
        measured: Row = json.loads(path.read_text("utf-8"))
        return measured
    code = process.returncode
    return {"failed": ended or (f"the system ended it (signal {-code})" if code < 0 else f"it ended with {code}")}


def _watch(process: subprocess.Popen[bytes], guard: Guard) -> str:
    """Waits for a process; ends it where the machine's memory goes short, and returns that in words, else an empty text."""
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(INTERVAL)
            return ""
        if system_memory()[1] < guard.reserve * GB:
            process.kill()
            process.wait()
            return f"ended here: less than {guard.reserve:g} GB of the machine's memory were free"


def _arguments(options: argparse.Namespace, row: str) -> list[str]:
    """The arguments after `python -m studio.lab` by which another process measures one row."""
    arguments = ["measure", "scale", "--family", options.family, "--folder", str(options.folder), "--output", str(options.output),
                 "--cap-gib", str(options.cap_gib), "--steps", str(options.steps), "--host", *map(str, options.host), "--row", row]
    return [*arguments, "--tiny"] if options.tiny else arguments


