"""The figures of `memory.measure` as Markdown tables: returns, gaps, Memory Dependence and drift, with a row for each model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

ARMS = ("true", "paired", "none")
PAIRED = "paired history's"
"""The key of the films that show what is there in the paired history."""
RETURNS = ("return", "loop", "updated", "occlusion", "leaving")
"""The kinds of cases in which what comes back has to be remembered."""


def markdown(figures: dict[str, Any]) -> str:
    """All tables of the figures that `memory.measure` returned."""
    return "\n".join([*_returns(figures), "", *_gaps(figures), "", *_dependence(figures), "", *_drift(figures)]) + "\n"


def _returns(figures: dict[str, Any]) -> Iterator[str]:
    """The table of returned views."""
    width, height = figures["size"]
    yield (f"Returns at {width}x{height} after {', '.join(str(gap) for gap in figures['scale']['gaps'])} sections away, all gaps "
           "together; means with 95 % bootstrap intervals over pictures. *Part*: what neither the reference image nor the recent "
           "window shows, seen from where the model's camera is. *Identity*: of "
           f"{figures['candidates']} candidates the true one is most similar to the part. *Best blind guess*: the mean of the "
           "candidates, the best score without a memory. The contact sheets show the first frame, what was there, what is there "
           "now, the film's last frame with each psi in this order, and what is there in the paired history.")
    yield ""
    yield ("| kind | model | psi | part PSNR dB | of the best blind guess | part SSIM | identity (chance) "
           "| shows the paired history | whole PSNR dB | camera error px |")
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for kind in (*RETURNS, "changed", "hold"):
        for name, model in figures["models"].items():
            for arm in ARMS:
                row = model["kinds"].get(kind, {}).get(arm, {}).get("all gaps")
                if row:
                    yield (f"| {kind} | {name} | {arm} | {_value(row, 'registered part psnr')} | "
                           f"{_value(row, 'blind part psnr')} | {_value(row, 'registered part ssim', 2)} | "
                           f"{_identity(row['identity'])} | {_share(row['identity'].get(PAIRED))} | "
                           f"{_value(row, 'whole psnr')} | {_value(row, 'camera error')} |")


def _gaps(figures: dict[str, Any]) -> Iterator[str]:
    """The table of PSNR by gap."""
    gaps = figures["scale"]["gaps"]
    yield ("Part PSNR (dB) by gap; *in window*: the recent window still shows all of the part, so nothing has to be remembered. "
           "*Source frames*: from how many frames a section may be composed, after the shortest and the longest gap, with repeated "
           "views counted and without what is read from psi. In the arm *full-history* psi is all latents of the film.")
    yield ""
    yield "| kind | model | psi | source frames | " + " | ".join(f"gap {gap}" for gap in gaps) + " |"
    yield "|---|---|---|---|" + "---|" * len(gaps)
    for kind in RETURNS:
        for name, model in figures["models"].items():
            for arm in ARMS:
                rows = model["kinds"].get(kind, {}).get(arm)
                if rows:
                    cells = [_value(rows.get(f"gap {gap}", {}), "registered part psnr", absent="in window") for gap in gaps]
                    yield f"| {kind} | {name} | {arm} | {_sources(rows, gaps)} | " + " | ".join(cells) + " |"


def _dependence(figures: dict[str, Any]) -> Iterator[str]:
    """The table of Memory Dependence."""
    yield ("Memory Dependence: score with the true psi minus score with the psi of the paired history (recent window, reference "
           "image, prompt and noise are the same). Above 0 on returns if psi is used; about 0 on hold; below 0 on *changed*, "
           "where what was remembered is no longer true.")
    yield ""
    yield "| kind | model | part PSNR dB | part SSIM | identity | whole PSNR dB | against no psi: part PSNR dB |"
    yield "|---|---|---|---|---|---|---|"
    for kind in (*RETURNS, "changed", "hold"):
        for name, model in figures["models"].items():
            gains = model["kinds"].get(kind, {}).get("memory dependence")
            if isinstance(gains, str):      # why there are none
                yield f"| {kind} | {name} | {gains} | | | | |"
            elif gains:
                paired, none = gains["paired"]["all gaps"], gains.get("none", {}).get("all gaps", {})
                yield (f"| {kind} | {name} | {_value(paired, 'registered part psnr')} | "
                       f"{_value(paired, 'registered part ssim', 3)} | {_value(paired, 'identity', 2)} | "
                       f"{_value(paired, 'whole psnr')} | {_value(none, 'registered part psnr')} |")


def _drift(figures: dict[str, Any]) -> Iterator[str]:
    """The table of long films, and how consistency and quality were measured."""
    yield ("Drift |M(first 15 %) - M(last 15 %)| of long films (lower is better), and their motion over the true film's. *The same "
           "place again*: every later view of place A in a tour against the film's own first view, which the model had to invent.")
    yield ""
    qualities, encoders = figures["quality"], figures["consistency"]
    measured = [name for name, encoder in encoders.items() if not encoder.startswith("absent")]
    heads = ["film", "model", "sections", "PSNR to truth dB", "sharpness", "palette", *(f"{name} (of truth)" for name in qualities),
             "motion energy over truth", "the same place again, dB", "own encoder's consistency", *measured]
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for kind in ("hold", "tour"):
        for name, model in figures["models"].items():
            row = model["drift"][kind]
            scores = (f"{_value(row, quality, 3)} ({_value(row, quality + ' of truth', 3)})" for quality in qualities)
            cells = [kind, name, str(model["sections of long films"]), _value(row, "psnr"), _value(row, "sharpness", 3),
                     _value(row, "palette", 3), *scores,
                     _value(row, "motion energy over truth", 2, absent="nothing should move"), _value(row, "revisits psnr"),
                     _value(row, "own encoder", 3),
                     *(_value(row, measure, 3) for measure in measured)]
            yield f"| {' | '.join(cells)} |"
    yield ""
    for measure, encoder in encoders.items():
        yield f"{measure.capitalize()} (VBench, 2311.17982): {encoder}."
    if qualities:
        metrics = (f"{name} ({'lower' if row['lower is better'] else 'higher'} is better)" for name, row in qualities.items())
        yield f"Image quality by pyiqa: {', '.join(metrics)}; the table shows its drift."
    else:
        yield "Image quality: no metric was named with --quality."


def _sources(rows: dict[str, Any], gaps: Sequence[int]) -> str:
    """The number of source frames after the shortest and, if it is another, after the longest gap."""
    counts = [count["mean"] for gap in gaps if (count := rows.get(f"gap {gap}", {}).get("frames looked up in"))]
    if not counts:
        return "none"
    return f"{counts[0]:.0f}" if counts[0] == counts[-1] else f"{counts[0]:.0f} to {counts[-1]:.0f}"


def _value(row: dict[str, Any], name: str, places: int = 1, absent: str = "none") -> str:
    """A mean with its interval, or `absent`."""
    value = row.get(name)
    if not value:
        return absent
    if value["clusters"] < 2:
        return f"{value['mean']:.{places}f} (one picture)"
    return f"{value['mean']:.{places}f} ({value['low']:.{places}f} to {value['high']:.{places}f})"


def _identity(row: dict[str, Any]) -> str:
    """How many are right of how many, and the chance."""
    if not row["of"]:
        return "none"
    return f"{row['right']} of {row['of']} ({row['chance']:.0%})"


def _share(row: dict[str, Any] | None) -> str:
    """How many of how many."""
    return "none" if not row or not row["of"] else f"{row['right']} of {row['of']}"
