"""Compares what sections of several sizes cost, with each other and with FFmpeg's zoompan.

The sizes take turns, each in a process of its own.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from studio.backbones.film_model import FilmModel
from studio.lab.measure import zoompan
from studio.lab.measure.section_costs import PARTS, Size, denoising_flop, median_around
from studio.lab.measure.section_process import STUDIO, SectionProcess

LIMITS = {(640, 384): 3.0, (1280, 768): 10.0}
"""The most that a section of a size may take, in sections of the first size."""
MOST_MEMORY_MB, MOST_FIRST_PICTURE, MOST_LATE = 3000.0, 0.2, 1.05
"""The most memory of a process, share of a section until its first picture, and last section over the fourth."""
MOST_SNAPSHOT_MB = {(640, 384): 6.0}
SECTIONS = 3
"""Sections of a film in each round. The first reads prompt and picture and makes psi; the others are what a section costs."""


def measure(
    model: FilmModel, sizes: Sequence[Size], rounds: int, long: int, long_size: Size | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Returns the figures of all sizes, for JSON.

    Args:
        model: to measure.
        sizes: width and height of films; ratios are to the first of them.
        rounds: in each, every size renders a film of SECTIONS sections, one size after the other.
        long: sections of a long film, whose last section is compared with its fourth. 0: there is none.
        long_size: of the long film. None: the model's default size.
        report: called with each thing that is measured.

    Raises:
        ValueError: a process ended early.
    """
    folder, answers = model.card.folder, {size: list[dict[str, Any]]() for size in sizes}
    pans = {size: list[dict[str, float]]() for size in sizes}
    processes: dict[Size, SectionProcess] = {}
    try:
        for size in sizes:
            report(f"{_name(size)}: a first film, to warm up")
            processes[size] = SectionProcess(folder, size)
            processes[size].film(2)
        for number in range(rounds):
            for size, process in processes.items():
                report(f"{_name(size)}: round {number + 1} of {rounds}")
                answers[size].append(process.film(SECTIONS, peak=True))
                fps, frames = model.card.clock(size)
                if (pan := zoompan.seconds(size, fps, frames)) is not None:
                    pans[size].append(pan)
        late = _late(processes, folder, long_size or model.card.default_size, long, report)
    except RuntimeError as error:
        raise ValueError(f"Sections could not be timed: {error}.") from error
    finally:
        for process in processes.values():
            process.close()
    rows = {size: _size_figures(model, size, answers[size], pans[size]) for size in sizes}
    first = rows[sizes[0]]["section"]
    for row in rows.values():
        row["ratio"] = row["section"] / first
    figures = {
        "model": model.card.name, "steps": model.card.steps, "rounds": rounds, "variables": STUDIO,
        "zoompan": zoompan.has_zoompan(),
        "sizes": {_name(size): row for size, row in rows.items()}, "late": late,
    }
    return {**figures, "bars": list(_bars(rows, late))}


def _size_figures(
    model: FilmModel, size: Size, answers: Sequence[dict[str, Any]], pans: Sequence[dict[str, float]]
) -> dict[str, Any]:
    """The medians of a size's sections; those of a film's first section apart."""
    later = [row for answer in answers for row in answer["rows"][1:]]
    first = [answer["rows"][0] for answer in answers]
    middle = {name: statistics.median(row[name] for row in later) for name in later[0]}
    peak, flop = max(answer["peak_flops"] for answer in answers), denoising_flop(model)
    fps, frames = model.card.clock(size)
    return {
        "fps": fps, "frames": frames, "section": middle["section"], "take": middle["take"],
        "parts": {part: middle[part] for part in PARTS},
        "first section": statistics.median(row["section"] for row in first),
        "first picture": middle["first picture"],
        "first picture share": statistics.median(row["first picture"] / row["section"] for row in later),
        "first picture share, first section": statistics.median(row["first picture"] / row["section"] for row in first),
        "snapshot MB": middle["snapshot MB"], "most MB": max(answer["most_mb"] for answer in answers),
        "denoising GFLOP": flop / 1e9, "matrix product GFLOP/s": peak / 1e9,
        "share of matrix product": flop / middle["denoising"] / peak,
        "zoompan": {part: statistics.median(pan[part] for pan in pans) for part in pans[0]} if pans else None,
    }


def _late(
    processes: dict[Size, SectionProcess], folder: Any, size: Size, sections: int, report: Callable[[str], None]
) -> dict[str, Any] | None:
    """A long film's last section over its fourth, and the resident memory after them."""
    if not sections:
        return None
    report(f"{_name(size)}: a film of {sections} sections")
    if size not in processes:
        processes[size] = SectionProcess(folder, size)
        processes[size].film(2)
    rows = processes[size].film(sections)["rows"]
    seconds, processor = ([row[name] for row in rows] for name in ("section", "processor"))
    return {
        "size": _name(size), "sections": sections, "seconds": seconds,
        "time": median_around(seconds, sections - 1) / median_around(seconds, 3),
        # Hardly changes beside other work.
        "processor time": median_around(processor, sections - 1) / median_around(processor, 3),
        "memory": rows[-1]["resident_mib"] / rows[3]["resident_mib"],
    }


def _bars(rows: dict[Size, dict[str, Any]], late: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    """What was aimed at, what came out, and whether it was reached."""
    def bar(what: str, value: float, most: float) -> dict[str, Any]:
        return {"what": what, "value": value, "most": most, "reached": value <= most}

    for size, row in rows.items():
        name = _name(size)
        if size in LIMITS:
            yield bar(f"{name}: section over one of the first size", row["ratio"], LIMITS[size])
            yield bar(f"{name}: share of a section until its first picture", row["first picture share"], MOST_FIRST_PICTURE)
        yield bar(f"{name}: most MB of memory", row["most MB"], MOST_MEMORY_MB)
        if size in MOST_SNAPSHOT_MB:
            yield bar(f"{name}: MB of a snapshot", row["snapshot MB"], MOST_SNAPSHOT_MB[size])
    if late is not None:
        yield bar(f"{late['size']}: section {late['sections']} over section 4", late["time"], MOST_LATE)


def markdown(figures: dict[str, Any]) -> str:
    """Returns the figures as Markdown tables."""
    return "\n".join([*_table(figures["sizes"]), "", *_bar_table(figures)]) + "\n"


def _table(sizes: dict[str, dict[str, Any]]) -> Iterator[str]:
    names = [f"{name}, {row['fps']} frames a second" for name, row in sizes.items()]
    yield f"| a section of 3 s | {' | '.join(names)} |"
    yield "|---" * (1 + len(names)) + "|"
    lines: dict[str, Callable[[dict[str, Any]], str]] = {
        "seconds": lambda row: f"{row['section']:.2f}", "of a take of one section": lambda row: f"{row['take']:.2f}",
        "over the first size": lambda row: f"{row['ratio']:.2f}",
        "a film's first section, seconds": lambda row: f"{row['first section']:.2f}",
        **{part: (lambda row, part=part: f"{row['parts'][part]:.2f}") for part in PARTS},     # type: ignore[misc]
        "first picture after, share": lambda row: f"{row['first picture share']:.2f}",
        "share of a matrix product's speed": lambda row: f"{row['share of matrix product']:.2f}",
        "most memory, MB": lambda row: f"{row['most MB']:.0f}", "snapshot, MB": lambda row: f"{row['snapshot MB']:.1f}",
        "FFmpeg's zoompan, frames and clip": lambda row: _pan(row["zoompan"]),
        "section over zoompan": lambda row: f"{row['section'] / sum(row['zoompan'].values()):.1f}" if row["zoompan"] else "none",
    }
    for label, cell in lines.items():
        yield f"| {label} | {' | '.join(cell(row) for row in sizes.values())} |"


def _pan(pan: dict[str, float] | None) -> str:
    return "none" if pan is None else f"{pan['frames']:.2f} + {pan['clip']:.2f}"


def _bar_table(figures: dict[str, Any]) -> Iterator[str]:
    yield "| aim | at most | measured | |"
    yield "|---|---|---|---|"
    for bar in figures["bars"]:
        yield f"| {bar['what']} | {bar['most']:g} | {bar['value']:.3g} | {'reached' if bar['reached'] else '**missed**'} |"


def _name(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
