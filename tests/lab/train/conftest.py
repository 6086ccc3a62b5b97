"""For the tests of training: films of the world are made once."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

import pytest
import torch

from studio.lab.world import Film, Section


@pytest.fixture(autouse=True, scope="package")
def _films_made_once() -> Iterator[None]:
    """A film is the same for the same arguments (tests/lab/world), and making it takes longer than a step of training toys."""
    module = sys.modules["studio.lab.world.film"]
    shoot, known = module.shoot, dict[tuple[object, ...], Film]()

    def shoot_once(script: Sequence[Section], width: int, height: int, seed: int, device: str | torch.device = "cpu") -> Film:
        key = (*script, width, height, seed, str(device))
        if key not in known:
            known[key] = shoot(script, width, height, seed, device=device)
        parts = {each.name: getattr(known[key], each.name) for each in fields(Film)}
        return replace(known[key], **{name: part.clone() for name, part in parts.items() if isinstance(part, torch.Tensor)})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "shoot", shoot_once)
        yield
