"""Writes the figures of a model as Markdown tables for its model card."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

KINDS = {"camera": "camera moves told apart", "light": "light", "weather": "weather", "figure": "figure's action (scenes only)"}


def markdown(figures: dict[str, Any]) -> str:
    """Returns the tables of the figures that `model_figures.measure` returns."""
    parts = (_followed, _words, _pictures, _sharpness, _cost)
    return "\n\n".join("\n".join(part(figures)) for part in parts) + "\n"


def _followed(figures: dict[str, Any]) -> Iterator[str]:
    width, height = figures["size"]
    yield f"What a prompt asked for, recognised from the film alone ({width}x{height}, held-out pictures, words drawn anew):"
    yield ""
    yield "| asked | from | right | share (95 % interval) | same recogniser on true films |"
    yield "|---|---|---|---|---|"
    for kind, label in KINDS.items():
        for source, row in figures.get(kind, {}).get("followed", {}).items():
            yield f"| {label} | {source}s | {_rate(row['model'])} | {_rate(row['truth'], count=True)} |"
    pace = figures.get("camera", {}).get("pace", {})
    if pace:
        yield ""
        yield (f"Pace: pans and tilts miss the true film's by {pace['pan error']:.2f} pixels a frame in the median (asked: "
               f"{pace['pan asked']:.1f}), zooms by x {pace['zoom error']:.3f} a section (asked: x {pace['zoom asked']:.2f}).")


def _words(figures: dict[str, Any]) -> Iterator[str]:
    if (words := figures.get("words")) is None:
        return
    yield "| free phrasings, written by hand | right | share (95 % interval) |"
    yield "|---|---|---|"
    yield f"| read as they were meant | {_rate(words['asked']['read'])} |"
    yield f"| and followed by the film | {_rate(words['asked']['followed'])} |"
    labels = {"scene": "scenes", "wind": "words with *wind* within", "nonsense": "nonsense"}
    for kind, label in labels.items():
        yield f"| {label}: nothing is read | {_rate(words['nothing'][kind])} |"
    yield ""
    yield f"Where nothing is asked: PSNR of the last frame to the picture {words['nothing']['psnr']:.1f} dB at least."


def _rate(row: dict[str, Any], count: bool = False) -> str:
    if not row["of"]:
        return "none" if count else "none | "
    counted = f"{row['right']} of {row['of']}"
    if count:
        return counted
    low, high = row["interval"]
    return f"{counted} | {row['accuracy']:.0%} ({low:.0%} to {high:.0%})"


def _pictures(figures: dict[str, Any]) -> Iterator[str]:
    for key, title in (("autoencoder", "autoencoder"), ("psi", "stills from psi")):
        if (fidelity := figures.get(key)) is None:
            continue
        width, height = fidelity["size"]
        yield f"| {title}, {width}x{height} | PSNR dB | SSIM | grid of 16 pixels, against the original |"
        yield "|---|---|---|---|"
        for name, row in {**fidelity["still"], "**mean of stills**": fidelity["still mean"], **fidelity["moving"],
                          "**mean in motion**": fidelity["moving mean"]}.items():
            if row:
                yield f"| {name} | {row['psnr']:.1f} | {row['ssim']:.3f} | {row['grid 16']:.2f} |"
        yield ""
    steady = figures.get("steadiness")
    if steady:
        yield ""
        yield "| over sections | first | last |"
        yield "|---|---|---|"
        for name, row in steady["hold"].items():
            yield f"| {name} held: sharpness against the picture | {row['sharpness'][0]:.2f} | {row['sharpness'][-1]:.2f} |"
            yield f"| {name} held: PSNR to the picture, dB | {row['psnr'][0]:.1f} | {row['psnr'][-1]:.1f} |"
        for name, row in steady["story"].items():
            yield f"| {name} in a mixed story: sharpness | {row['sharpness'][0]:.2f} | {row['sharpness'][-1]:.2f} |"
        if steady["nonsense psnr"]:
            yield ""
            least = min(steady["nonsense psnr"].values())
            yield f"Prompts that mean nothing: PSNR of the last frame to the picture {least:.1f} dB at least."


def _sharpness(figures: dict[str, Any]) -> Iterator[str]:
    """First and last section's last frame beside the picture's own pixels at the camera's view."""
    if (sharpness := figures.get("sharpness")) is None:
        return
    yield "| last frame, against the picture's own view | section | gradient energy | energy above half Nyquist | PSNR dB |"
    yield "|---|---|---|---|---|"
    for film, label in (("hold", "held"), ("way", "on a way of the camera")):
        for name, rows in sharpness[film].items():
            for section, row in ((1, rows[0]), (len(rows), rows[-1])):
                yield f"| {name} {label} | {section} | {row['gradient']:.2f} | {row['fine']:.2f} | {row['psnr']:.1f} |"


def _cost(figures: dict[str, Any]) -> Iterator[str]:
    cost = figures.get("cost")
    if cost is None:
        return
    yield (f"Weights: {cost['weights_mb']:.1f} MB. A section: {cost['seconds_per_section']:.1f} s "
           f"({cost['device']}, {cost['threads']} threads).")
    if "share_of_matrix_product" in cost:
        yield (f"Denoising reaches {cost['denoising_gflop_per_second']:.0f} GFLOP/s, {cost['share_of_matrix_product']:.0%} "
               "of a plain matrix product measured in the same minute.")
