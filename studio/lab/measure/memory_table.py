"""What a memory is worth, as Markdown: returns, Memory Dependence, drift, models beside each other. It measures nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

ARMS = ("true", "paired", "none")
OTHER = "paired history's"
RETURNS = ("return", "loop", "updated", "occlusion", "leaving")


def markdown(figures: dict[str, Any]) -> str:
    """The tables of `memory.measure`'s figures."""
    return "\n".join([*_returns(figures), "", *_gaps(figures), "", *_dependence(figures), "", *_drift(figures)]) + "\n"


def _returns(figures: dict[str, Any]) -> Iterator[str]:
    width, height = figures["size"]
    yield (f"Returns at {width}x{height} after {', '.join(str(gap) for gap in figures['scale']['gaps'])} sections away, all gaps "
           "together; means with 95 % bootstrap intervals over pictures. *Part*: what neither the reference image nor the recent "
           "window shows, seen from where the model's camera is. *Identity*: the part is most like the true one of "
           f"{figures['candidates']}. *Best blind guess*: the mean of these, the most that can be had "
           "without remembering. On the sheets: the first frame, what was there, what is there now, the film's last frame by each "
           "psi in this order, what is there in the other history.")
    yield ""
    yield ("| kind | model | psi | part PSNR dB | of the best blind guess | part SSIM | identity (chance) "
           "| shows the other history | whole PSNR dB | camera error px |")
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for kind in (*RETURNS, "changed", "hold"):
        for name, model in figures["models"].items():
            for arm in ARMS:
                row = model["kinds"].get(kind, {}).get(arm, {}).get("all gaps")
                if row:
                    yield (f"| {kind} | {name} | {arm} | {_value(row, 'registered part psnr')} | "
                           f"{_value(row, 'blind part psnr')} | {_value(row, 'registered part ssim', 2)} | "
                           f"{_identity(row['identity'])} | {_share(row['identity'].get(OTHER))} | "
                           f"{_value(row, 'whole psnr')} | {_value(row, 'camera error')} |")


def _gaps(figures: dict[str, Any]) -> Iterator[str]:
    gaps = figures["scale"]["gaps"]
    yield ("Part PSNR (dB) by gap; *in window*: the recent window still shows all of it, so nothing has to be remembered. *Frames "
           "looked up in*: from how many a section may be composed, after the shortest and the longest gap, whether or not views "
           "repeat; what psi is asked for comes on top. In the arm *full-history* all latents of the film stand in psi's place.")
    yield ""
    yield "| kind | model | psi | frames looked up in | " + " | ".join(f"gap {gap}" for gap in gaps) + " |"
    yield "|---|---|---|---|" + "---|" * len(gaps)
    for kind in RETURNS:
        for name, model in figures["models"].items():
            for arm in ARMS:
                rows = model["kinds"].get(kind, {}).get(arm)
                if rows:
                    cells = [_value(rows.get(f"gap {gap}", {}), "registered part psnr", absent="in window") for gap in gaps]
                    yield f"| {kind} | {name} | {arm} | {_sources(rows, gaps)} | " + " | ".join(cells) + " |"


def _dependence(figures: dict[str, Any]) -> Iterator[str]:
    yield ("Memory Dependence: score with the true psi minus score with the psi of the paired history (recent window, reference "
           "image, prompt and noise the same). Above 0 on returns if psi is used; about 0 on hold; below 0 on *changed*, where "
           "what memory holds is no longer true.")
    yield ""
    yield "| kind | model | part PSNR dB | part SSIM | identity | whole PSNR dB | against no psi: part PSNR dB |"
    yield "|---|---|---|---|---|---|---|"
    for kind in (*RETURNS, "changed", "hold"):
        for name, model in figures["models"].items():
            found = model["kinds"].get(kind, {}).get("memory dependence")
            if isinstance(found, str):
                yield f"| {kind} | {name} | {found} | | | | |"
            elif found:
                paired, none = found["paired"]["all gaps"], found.get("none", {}).get("all gaps", {})
                yield (f"| {kind} | {name} | {_value(paired, 'registered part psnr')} | "
                       f"{_value(paired, 'registered part ssim', 3)} | {_value(paired, 'identity', 2)} | "
                       f"{_value(paired, 'whole psnr')} | {_value(none, 'registered part psnr')} |")


def _drift(figures: dict[str, Any]) -> Iterator[str]:
    yield ("Drift |M(first 15 %) - M(last 15 %)| of long films (lower is better), and what moves in them against the truth. *The "
           "same place again*: every later view of A in a tour against the film's own first one, which the model had to make up.")
    yield ""
    qualities, told = figures["quality"], figures["consistency"]
    seen = [tells for tells, by in told.items() if not by.startswith("absent")]
    heads = ["film", "model", "sections", "PSNR to truth dB", "sharpness", "palette", *(f"{name} (of truth)" for name in qualities),
             "motion energy over truth", "the same place again, dB", "own encoder's consistency", *seen]
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for kind in ("hold", "tour"):
        for name, model in figures["models"].items():
            row = model["drift"][kind]
            scored = (f"{_value(row, quality, 3)} ({_value(row, quality + ' of truth', 3)})" for quality in qualities)
            cells = [kind, name, str(model["sections of long films"]), _value(row, "psnr"), _value(row, "sharpness", 3),
                     _value(row, "palette", 3), *scored,
                     _value(row, "motion energy over truth", 2, absent="nothing should move"), _value(row, "revisits psnr"),
                     _value(row, "own encoder", 3),
                     *(_value(row, tells, 3) for tells in seen)]
            yield f"| {' | '.join(cells)} |"
    yield ""
    for tells, by in told.items():
        yield f"{tells.capitalize()} (VBench, 2311.17982): {by}."
    if qualities:
        ways = (f"{name} ({'lower' if way['lower is better'] else 'higher'} is better)" for name, way in qualities.items())
        yield f"Image quality by pyiqa: {', '.join(ways)}; above, how far it drifts."
    else:
        yield "Image quality by a model of one's own choice: none was named with --quality."


def _sources(rows: dict[str, Any], gaps: Sequence[int]) -> str:
    """From the shortest gap to the longest, if it grows."""
    looked = [rows.get(f"gap {gap}", {}).get("frames looked up in") for gap in gaps]
    found = [each["mean"] for each in looked if each]
    if not found:
        return "none"
    return f"{found[0]:.0f}" if found[0] == found[-1] else f"{found[0]:.0f} to {found[-1]:.0f}"


def _value(row: dict[str, Any], name: str, places: int = 1, absent: str = "none") -> str:
    found = row.get(name)
    if not found:
        return absent
    if found["clusters"] < 2:
        return f"{found['mean']:.{places}f} (one picture)"
    return f"{found['mean']:.{places}f} ({found['low']:.{places}f} to {found['high']:.{places}f})"


def _identity(row: dict[str, Any]) -> str:
    if not row["of"]:
        return "none"
    return f"{row['right']} of {row['of']} ({row['chance']:.0%})"


def _share(row: dict[str, Any] | None) -> str:
    return "none" if not row or not row["of"] else f"{row['right']} of {row['of']}"
