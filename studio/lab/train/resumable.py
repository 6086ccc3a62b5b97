"""A training run of a small network that can be stopped at any moment and goes on where it was."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from studio.lab.train.checkpoints import WeightAverage, load_checkpoint, save_checkpoint
from studio.lab.train.schedules import cosine, warm_up

log = logging.getLogger(__name__)


class RunError(Exception):
    """A run cannot go on. The message says why and what to do."""


@dataclass(frozen=True)
class Course:
    """How a run is trained."""

    name: str               # in the log
    run: dict[str, Any]     # everything that its weights depend on; a checkpoint of another one is refused
    steps: int
    rate: float             # highest learning rate
    decay: float            # of the average of the weights
    every: int              # steps between checkpoints
    warm_up: int = 100      # steps over which the rate rises


@dataclass(frozen=True)
class Done:
    """What a run cost."""

    steps: int
    seconds: float          # of all its sittings
    losses: list[float]     # means of `Course.every` steps


def train_on(network: nn.Module, path: Path, course: Course, step_loss: Callable[[int], tuple[Tensor, bool]]) -> Done:
    """Train a network to the end of its course, from its checkpoint if there is one. It is left with the average of its weights.

    Args:
        network: with its first weights.
        path: the checkpoint's file.
        course: see there.
        step_loss: the loss of a step, and whether it counts in `Done.losses`. It must depend on the step's number alone.

    Raises:
        RunError: the checkpoint there is of another run.
    """
    average = WeightAverage(network, course.decay)
    optimizer = torch.optim.AdamW(network.parameters(), lr=course.rate, betas=(0.9, 0.98), weight_decay=0.01)
    step, seconds, losses = 0, 0.0, list[float]()
    saved = load_checkpoint(path)
    if saved is not None:
        if saved["run"] != course.run:
            raise RunError(f"{path} is of another run. Choose another folder, or remove it.")
        network.load_state_dict(saved["network"])
        average.load_state_dict(saved["average"])
        optimizer.load_state_dict(saved["optimizer"])
        step, seconds, losses = saved["step"], saved["seconds"], saved["losses"]

    def state() -> dict[str, Any]:
        return {"run": course.run, "network": network.state_dict(), "average": average.state_dict(),
                "optimizer": optimizer.state_dict(), "step": step, "seconds": seconds, "losses": losses}

    recent: list[float] = []
    while step < course.steps:
        began = time.monotonic()
        for group in optimizer.param_groups:
            group["lr"] = course.rate * warm_up(step, course.warm_up) * cosine(step, course.steps)
        loss, counts = step_loss(step)
        optimizer.zero_grad()
        loss.backward()
        if nn.utils.clip_grad_norm_(network.parameters(), 1.0).isfinite():
            optimizer.step()
        average.step(network)
        step, seconds = step + 1, seconds + time.monotonic() - began
        recent += [loss.item()] if counts else []
        if step % course.every == 0 or step == course.steps:
            losses.append(float(np.mean(recent or [0])))
            recent = []
            save_checkpoint(path, state())
            log.info("%s: step %d of %d, loss %.5f, %.2f s a step", course.name, step, course.steps, losses[-1], seconds / step)
    average.copy_to(network)
    network.eval()
    return Done(step, seconds, losses)
