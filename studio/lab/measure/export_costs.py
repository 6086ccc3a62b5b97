"""Measures what exports of a film cost: the time of each and the processor's, beside the film's length, and its bytes.

The film is made of takes that pan over the sample pictures, so that no model is needed.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from studio.engine.engine import Engine
from studio.lab.measure.startup import ROOT
from studio.media.clip import ClipWriter
from studio.project import edits
from studio.project.limits import fresh_id
from studio.project.model import Clock, Segment, Take
from studio.project.store import CLIP, Store
from studio.session import Session, Studio
from studio.session.exports.exports import Options

Size = tuple[int, int]

CLOCK = Clock(24, 72)
KINDS: dict[str, tuple[str, Options]] = {
    "MP4": ("film", Options()), "MP4, 25 frames a second": ("film", Options(fps=25)),
    "MP4, 30, mixed": ("film", Options(fps=30, blend=True)),
    "OpenTimelineIO": ("otio", Options()), "Final Cut XML": ("xml", Options()), "EDL": ("edl", Options()),
    "shot list": ("shots", Options()), "storyboard": ("storyboard", Options()), "contact sheet": ("sheet", Options()),
    "PNG pictures": ("frames", Options()), "ProRes 422 HQ": ("prores", Options()), "FFV1": ("ffv1", Options()),
}  # fmt: skip
"""What is exported, and how."""


def measure(
    seconds: int, size: Size, kinds: Sequence[str] = tuple(KINDS), report: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Returns seconds, seconds of the processor and bytes of each export of a film, for JSON.

    Args:
        seconds: how long the film is, at least; it is made of takes of 3 seconds.
        size: its width and height in pixels.
        kinds: some of KINDS.
        report: called with each thing that is measured.

    Raises:
        ValueError: an export failed.
    """
    with tempfile.TemporaryDirectory() as home:
        report("the film")
        session = make_film(Path(home), -(-seconds // 3), size)
        frames = sum(take.frames for take in session.project.film())
        session.films.film()                               # the joined film is kept, as the page has it
        rows = []
        for name in kinds:
            report(name)
            kind, options = KINDS[name]
            began, worked = time.perf_counter(), time.process_time()
            try:
                exported = session.exports.make(kind, options)
            except Exception as error:
                raise ValueError(f"{name} could not be exported ({error}).") from error
            rows.append({
                "export": name, "seconds": time.perf_counter() - began, "processor_seconds": time.process_time() - worked,
                "bytes": exported.path.stat().st_size,
            })
            exported.path.unlink()
    return {"film": {"seconds": frames / CLOCK.fps, "frames": frames, "size": list(size)}, "exports": rows}


def markdown(figures: dict[str, Any]) -> str:
    """The figures as a table."""
    film = figures["film"]
    lines = [
        f"A film of {film['seconds']:.0f} seconds at {film['size'][0]}x{film['size'][1]} and {CLOCK.fps} frames a second.", "",
        "| export | time, in lengths of the film | processor time, likewise | megabytes |", "|---|---|---|---|",
    ]
    for row in figures["exports"]:
        times = (row[key] / film["seconds"] for key in ("seconds", "processor_seconds"))
        lines.append(f"| {row['export']} | {' | '.join(f'{each:.3f}' for each in times)} | {row['bytes'] / 1e6:.2f} |")
    return "\n".join(lines) + "\n"


def make_film(home: Path, segments: int, size: Size) -> Session:
    """A project in `home` with so many takes of a section each, which pan over the sample pictures."""
    pictures = sorted((ROOT / "assets" / "examples").glob("*/*.jpg"))
    project = replace(edits.new("A minute", size=size, clock=CLOCK), branches=())
    store = Store(home / "film")
    plan, takes, parent = [], {}, None
    for number in range(segments):
        segment = Segment(fresh_id(), f"the camera pans over picture {number + 1}", CLOCK.section_frames, number)
        take = Take(fresh_id(), parent, segment, project.settings, project.model, "0" * 64, 1, CLOCK.section_frames, size=size,
                    created=f"2026-01-01T00:{number // 60:02d}:{number % 60:02d}+00:00")
        plan.append(segment)
        takes[take.id] = take
        parent = take.id
    branch = replace(edits.new().current(), segments=tuple(plan), tip=parent)
    project = replace(project, takes=takes, branches=(branch,), branch=branch.id, head=parent)
    store.create(project)
    for number, take in enumerate(takes.values()):
        _pan(pictures[number % len(pictures)], store.begin_take(take, project) / CLIP, size)
        store.write_take(take, project)
    store.close()
    return Studio(home, Engine((), ()), ()).open("film")


def _pan(picture: Path, out: Path, size: Size) -> None:
    """Write a clip of a section that pans over a picture."""
    width, height = size
    room = CLOCK.section_frames
    with Image.open(picture) as image:
        pixels = np.asarray(image.convert("RGB").resize((width + room, height), Image.Resampling.LANCZOS))
    with ClipWriter(out, CLOCK.fps) as clip:
        for step in range(room):
            clip.write(pixels[None, :, step : step + width])

