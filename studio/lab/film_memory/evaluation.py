"""What a memory gives back of places that only a memory can show: in pixels and in latents, by how long they were out of view.

After each section of a film over a picture that no training saw, the memory is asked for the view at the next section's end. Its
answer is decoded as the engine decodes the map's, and laid beside the picture itself. The same is asked of the memory of another
film, walked alike over another picture.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from studio.backbones.animatic.composition import CELL, sample, source_coordinates
from studio.backbones.animatic.place_memory import PlaceMemory, cell_grid, cell_range
from studio.backbones.animatic.state import split_latents
from studio.lab.film_memory.arms import Answers
from studio.lab.film_memory.films import Film, shoot_film, true_cells
from studio.lab.film_memory.pictures import load_or_draw, picture_names
from studio.lab.film_memory.training import LONGEST, STAY, Run
from studio.lab.film_memory.walks import draw_walk, written_frames
from studio.lab.panorama.evaluation import GAPS

SHOWN = {label: ends for label, ends in GAPS.items() if ends[0] >= 2}
"""Gaps that a memory is needed for, in sections."""
SCENES = 5
"""Drawn scenes to measure on, beside the five photographs."""
LONG_STAY = 32
"""Sections that a film longer than those of training stays away, at most."""
LOOK = 20
"""Sections over whose medians times are taken."""


@dataclass(frozen=True)
class HeldOut:
    """A film to measure on, and one walked alike over another picture."""

    name: str               # of the picture
    own: Film
    other: Film
    truth: Tensor           # [K, R, C] the memorized channels of the picture's cells
    own_cells: Tensor       # [N, K + ., 2, h + 2, w + 2] what is written of each section
    other_cells: Tensor


@dataclass(frozen=True)
class Score:
    """Of one film and one range of gaps."""

    picture: str
    memory: str             # own, other; or a ceiling: autoencoder, cells
    gap: str
    pixels: int
    psnr: float             # dB
    latents: float          # dB: the cells' mean square over the error's; 0 where nothing is known


@dataclass(frozen=True)
class Costs:
    """Of one film of the longest length."""

    kilobytes: dict[int, int]   # of psi in float32, after so many sections
    update: float               # milliseconds of the processor, from the cells on
    read: float                 # the same, for the cells of one view


def held_out_films(memory: PlaceMemory, run: Run, sections: int, count: int, folder: Path) -> list[HeldOut]:
    """Films that no training sees, over all held-out pictures in turn.

    Args:
        memory: encodes them.
        run: sizes.
        sections: of each film.
        count: of films.
        folder: of drawn pictures.
    """
    names = [name for pair in zip(*_halves(picture_names(SCENES, held_out=True)), strict=True) for name in pair]
    pictures = [load_or_draw(name, run.picture, folder / "pictures") for name in names]
    films = []
    for number in range(count):
        rng = np.random.default_rng([2, sections, number])
        walk = draw_walk(sections, STAY if sections <= LONGEST else LONG_STAY, run.stage, rng)
        at, beside = number % len(names), (number + 1) % len(names)
        own = shoot_film(memory, pictures[at], walk, run.stage)
        other = shoot_film(memory, pictures[beside], walk, run.stage, own.gap)
        films.append(HeldOut(names[at], own, other, true_cells(memory, own.picture), memory.written_cells(own.latents),
                             memory.written_cells(other.latents)))
    return films


def _halves(names: list[str]) -> tuple[list[str], list[str]]:
    """Photographs and scenes, as many of each."""
    return names[: len(names) // 2], names[len(names) // 2 :]


@torch.no_grad()
def evaluate(memory: PlaceMemory, answers: Answers, films: Sequence[HeldOut]) -> list[Score]:
    """Scores of a memory with its own psi and with the other film's."""
    scores = []
    for film in films:
        tallies = {"own": _Tally(memory, film), "other": _Tally(memory, film)}
        psi = {"own": answers.begin(), "other": answers.begin()}
        for n in range(film.own.sections):
            asked = question_after(film.own, n)
            if asked is not None:
                for which, tally in tallies.items():
                    values = answers.values(psi[which], asked.places)
                    tally.add(asked, remembered_frame(memory, values, asked), values)
            for which, cells in (("own", film.own_cells), ("other", film.other_cells)):
                psi[which] = answers.write(psi[which], cells[n : n + 1])
        scores += [score for which, tally in tallies.items() for score in tally.scores(which)]
    return scores


@torch.no_grad()
def ceilings(memory: PlaceMemory, films: Sequence[HeldOut]) -> list[Score]:
    """What no memory on this path can beat: the autoencoder's picture of the true latents, and the true cells of the picture."""
    scores = []
    for film in films:
        autoencoder, cells = _Tally(memory, film), _Tally(memory, film)
        for n in range(film.own.sections):
            asked = question_after(film.own, n)
            if asked is None:
                continue
            scene = split_latents(film.own.latents[n : n + 1, :, 1:])[0][:, :, 0]
            values = _true_values(film, asked)
            autoencoder.add(asked, memory.cells.autoencoder.decode_group(scene)[0, :, -1], None)
            cells.add(asked, remembered_frame(memory, values, asked), None)
        scores += autoencoder.scores("autoencoder") + cells.scores("cells")
    return scores


@torch.no_grad()
def measure_costs(answers: Answers, film: HeldOut, lengths: Sequence[int]) -> Costs:
    """What a film costs, section by section; `lengths`: of it, at which psi is weighed."""
    psi, sizes, updates, reads = answers.begin(), dict[int, int](), list[float](), list[float]()
    sections = film.own.sections
    places = cell_grid(torch.zeros(1, 2), *film.own_cells.shape[3:]).flatten(1, 2)
    for n in range(sections):
        began = time.process_time()
        answers.values(psi, places)
        between = time.process_time()
        psi = answers.write(psi, film.own_cells[n : n + 1])
        reads.append(1000 * (between - began))
        updates.append(1000 * (time.process_time() - between))
        if n + 1 in lengths:
            sizes[n + 1] = psi.numel() * psi.element_size() // 1000
    return Costs(sizes, float(np.median(updates[-LOOK:])), float(np.median(reads[-LOOK:])))


@dataclass(frozen=True)
class Question:
    """A view that is asked for, and what of it is scored."""

    pose: Tensor            # [1, 1, 3]
    low: Tensor             # [1, 2] the first of the places
    size: tuple[int, int]   # their rows and columns
    places: Tensor          # [1, Q, 3]
    gap: Tensor             # [Q] sections since a cell was shown; 0: it is not scored
    section: int
    pixels: tuple[int, int]     # height and width of the frame


def question_after(film: Film, section: int) -> Question | None:
    """What is asked after `section` sections; None if nothing of it is scored."""
    pose = split_latents(film.latents[section : section + 1, :, 1:])[1].pose
    low, size = cell_range(pose, *film.latents.shape[3:])
    places = cell_grid(low, *size).flatten(1, 2)
    column, row = (places[0, :, k].long() + film.origin[k] for k in range(2))
    inside = (column >= 0) & (column < film.stage.cells[1]) & (row >= 0) & (row < film.stage.cells[0])
    gap = torch.zeros(places.shape[1], dtype=torch.long)
    gap[inside] = torch.from_numpy(film.gap[section])[row[inside], column[inside]]
    return Question(pose, low, size, places, gap, section, film.stage.view[::-1]) if bool((gap >= 2).any()) else None


def _true_values(film: HeldOut, asked: Question) -> Tensor:
    """What truly lies at the asked places, [1, Q, K]; beyond the picture's edges what is nearest."""
    column, row = (asked.places[0, :, k].long() + film.own.origin[k] for k in range(2))
    rows, columns = film.own.stage.cells
    return film.truth[:, row.clamp(0, rows - 1), column.clamp(0, columns - 1)].T[None]


def remembered_frame(memory: PlaceMemory, values: Tensor, asked: Question) -> Tensor:
    """The frame [3, H, W] in [-1, 1] of answers [1, Q, K], as `PlaceMemory.answer` makes it."""
    source = memory.cells.picture(values.transpose(1, 2).unflatten(2, asked.size), asked.low)
    return sample(source.frame, source_coordinates(asked.pose, source.pose, *asked.pixels))[0, :, 0]


class _Tally:
    """Squared errors of one film, by gap."""

    def __init__(self, memory: PlaceMemory, film: HeldOut) -> None:
        self.film, self.scale = film, memory.cells.autoencoder.scale[memory.cells.stills]
        self.pixels: dict[str, list[tuple[float, int]]] = defaultdict(list)
        self.cells: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def add(self, asked: Question, frame: Tensor, values: Tensor | None) -> None:
        """Count a frame [3, H, W] in [-1, 1] and the cells [1, Q, K] that it was made of, if it was."""
        film = self.film.own
        truth = film.truth(asked.section).float() / 255
        error = (frame.clamp(-1, 1).add(1).div(2) - truth).square().mean(dim=0)                      # [H, W]
        left, top = film.walk[written_frames(asked.section)[1]].tolist()
        row = (torch.arange(truth.shape[1]) + top) // CELL
        column = (torch.arange(truth.shape[2]) + left) // CELL
        gap = torch.from_numpy(film.gap[asked.section])[row[:, None], column]
        true = _true_values(self.film, asked)
        for label, (least, most) in SHOWN.items():
            part = (gap >= least) & (gap <= most)
            if bool(part.any()):
                self.pixels[label].append((float(error[part].sum()), int(part.sum())))
            chosen = (asked.gap >= least) & (asked.gap <= most)
            if values is not None and bool(chosen.any()):
                missed, whole = ((each[0, chosen] * self.scale).square().sum() for each in (values - true, true))
                self.cells[label].append((float(missed), float(whole)))

    def scores(self, memory: str) -> list[Score]:
        """A score for each gap that the film has, and for all."""
        labels = {**{label: [label] for label in SHOWN}, "all": list(SHOWN)}
        found = []
        for label, parts in labels.items():
            pixels = [each for part in parts for each in self.pixels[part]]
            cells = [each for part in parts for each in self.cells[part]]
            if not pixels:
                continue
            error, count = (sum(column) for column in zip(*pixels, strict=True))
            missed, whole = (sum(column) for column in zip(*cells, strict=True)) if cells else (1.0, 1.0)
            found.append(Score(self.film.name, memory, label, int(count), _decibels(count / max(error, 1e-12)),
                               _decibels(whole / max(missed, 1e-12))))
        return found


def _decibels(ratio: float) -> float:
    return float(10 * np.log10(ratio))
