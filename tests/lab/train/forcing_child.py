"""What runs in the processes that force a model together: the lab's command, with the variables that torchrun sets."""

from __future__ import annotations

import os
import sys
from multiprocessing.context import ForkServerContext
from pathlib import Path

import torch

from studio.lab.__main__ import main
from studio.lab.train import finetune as _finetune  # noqa: F401 - loaded once, before the processes are made
from tests import servers


def processes() -> ForkServerContext:
    """Makes processes in which torch and the lab are loaded already."""
    return servers.processes("tests.lab.train.forcing_child")


def force(recipe: Path, rank: int, port: int) -> None:
    """Be the process of a rank among two that talk over a port of this machine."""
    torch.set_num_threads(1)
    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    sys.exit(main(["train", "force", str(recipe)]))
