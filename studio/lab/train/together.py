"""One process or several at the same optimizer step: who goes through which films, and the sum of it all. It knows no model.

Every process holds the whole model and makes the same step; what is drawn for a film follows from its place in the batch, not from
who draws it. So the number of processes changes how long a step takes and nothing else (but the order of sums).
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

PATIENCE = timedelta(hours=24)
"""How long the others wait while the first process makes films or measures."""


class Together:
    """accelerate's processes, as it finds them: `accelerate launch` or `torchrun` starts several."""

    def __init__(self, cpu: bool = False) -> None:
        self.accelerator = Accelerator(
            cpu=cpu or not torch.cuda.is_available(), kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)])

    @property
    def count(self) -> int:
        return int(self.accelerator.num_processes)

    @property
    def first(self) -> bool:
        """Whether this one writes files."""
        return bool(self.accelerator.is_main_process)

    def first_alone(self) -> AbstractContextManager[None]:
        """Within it the first process goes ahead, and the others follow when it is done."""
        return cast(AbstractContextManager[None], self.accelerator.main_process_first())

    def wait(self) -> None:
        """Until all have come here."""
        self.accelerator.wait_for_everyone()

    def share(self, films: int) -> range:
        """Which films of a batch are this process's."""
        return range(int(self.accelerator.process_index), films, self.count)

    def alike(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give all processes the first one's parameters. They are made from the same seed, but perhaps not on the same machine."""
        if self.count > 1:
            for parameter in parameters:
                parameter.data.copy_(broadcast(parameter.data))

    def add(self, parameters: Iterable[nn.Parameter]) -> None:
        """Add up the gradients of all processes. A parameter that no process has a gradient of still has none."""
        if self.count == 1:
            return
        trained = list(parameters)
        had = [parameter.grad is not None for parameter in trained]
        anywhere = self.sums([float(each) for each in had])
        for parameter, some in zip(trained, anywhere, strict=True):
            if some:
                mine = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
                parameter.grad = self.accelerator.reduce(mine, "sum")

    def sums(self, numbers: Sequence[float]) -> list[float]:
        """Of numbers, over the processes."""
        if self.count == 1:
            return list(numbers)
        whole: Tensor = self.accelerator.reduce(torch.tensor(numbers, dtype=torch.float64, device=self.accelerator.device), "sum")
        return [float(each) for each in whole]
