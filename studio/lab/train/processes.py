"""Several processes that share the films of an optimizer step (data parallelism).

Every process holds the complete model and makes the same steps. The random numbers of a film depend on its index in the batch and
not on the process, so the number of processes changes only how long a step takes, and the order in which gradients are added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import cast

import torch
from accelerate import Accelerator
from accelerate.utils import InitProcessGroupKwargs, broadcast
from torch import Tensor, nn

TIMEOUT = timedelta(hours=24)
"""How long the other processes wait for the main one while it makes films or measures."""


class Processes:
    """The processes of this run, as accelerate finds them: `accelerate launch` or `torchrun` starts several."""

    def __init__(self, cpu: bool = False) -> None:
        self.accelerator = Accelerator(
            cpu=cpu or not torch.cuda.is_available(), kwargs_handlers=[InitProcessGroupKwargs(timeout=TIMEOUT)])

    @property
    def count(self) -> int:
        """How many processes there are."""
        return int(self.accelerator.num_processes)

    @property
    def is_main(self) -> bool:
        """Whether this is the main process, which writes the files."""
        return bool(self.accelerator.is_main_process)

    def main_first(self) -> AbstractContextManager[None]:
        """A context that the main process runs through before the others enter it."""
        return cast(AbstractContextManager[None], self.accelerator.main_process_first())

    def wait(self) -> None:
        """Wait until all processes have come to this call."""
        self.accelerator.wait_for_everyone()

    def share(self, films: int) -> range:
        """The indices of the films of a batch that this process goes through."""
        return range(int(self.accelerator.process_index), films, self.count)

    def broadcast(self, parameters: Iterable[nn.Parameter]) -> None:
        """Copy the main process's parameters to all. The same seed could give other weights on another machine."""
        if self.count > 1:
            for parameter in parameters:
                parameter.data.copy_(broadcast(parameter.data))

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its sum over the processes. A parameter without a gradient in all of them keeps none."""
        if self.count == 1:
            return
        trained = list(parameters)
        holders = self.sum([float(parameter.grad is not None) for parameter in trained])
        for parameter, count in zip(trained, holders, strict=True):
            if count:
                mine = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
                parameter.grad = self.accelerator.reduce(mine, "sum")

    def sum(self, numbers: Sequence[float]) -> list[float]:
        """The sum over the processes of each of these numbers."""
        if self.count == 1:
            return list(numbers)
        sums: Tensor = self.accelerator.reduce(torch.tensor(numbers, dtype=torch.float64, device=self.accelerator.device), "sum")
        return [float(each) for each in sums]
