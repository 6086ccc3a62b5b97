"""Checkpoints of a training run, and the moving average of its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from studio.disk import atomic_write


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint, so that a crash leaves the old one or the new one, and never half of one. Makes the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        torch.save(state, temporary)


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """The checkpoint in a file, on the CPU; None if there is no such file."""
    if not path.is_file():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


class WeightAverage:
    """Exponential moving average of a module's parameters and buffers, in float32.

    After step n the decay is min(decay, (1 + n) / (10 + n)), so that the first weights are soon forgotten.
    """

    # Not diffusers' EMAModel, though the methods have its names: that one averages no buffers, keeps bfloat16 as it is, begins its
    # decay one step later and rounds otherwise, and could not read the checkpoints that our runs have written.

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.count = 0
        self.weights = {name: tensor.detach().clone().float() for name, tensor in module.state_dict().items()}
        self._stored: dict[str, Tensor] = {}

    @torch.no_grad()
    def step(self, module: nn.Module) -> None:
        """Move the average towards the module's present weights."""
        self.count += 1
        rate = 1 - min(self.decay, (1 + self.count) / (10 + self.count))
        for name, tensor in module.state_dict().items():
            self.weights[name].lerp_(tensor.float(), rate)

    def copy_to(self, module: nn.Module) -> None:
        """Load the average into the module."""
        module.load_state_dict(self.weights)

    def store(self, module: nn.Module) -> None:
        """Keep a copy of the module's weights for `restore`."""
        self._stored = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}

    def restore(self, module: nn.Module) -> None:
        """Load the weights that `store` kept back into the module, and forget them."""
        module.load_state_dict(self._stored)
        self._stored = {}

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint holds of the average."""
        return {"count": self.count, "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` gave."""
        self.count = state["count"]
        self.weights = {name: tensor.to(self.weights[name].device) for name, tensor in state["weights"].items()}
