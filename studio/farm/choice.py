"""Which engine renders: that of this process, or a farm's, where STUDIO_FARM asks for one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from studio.catalogue.cards import ModelCard
from studio.engine.rates import Rates
from studio.farm.address import farm_address

if TYPE_CHECKING:
    from studio.engine.engine import Engine
    from studio.farm.engine import FarmEngine


def choose_engine(
    cards: Sequence[ModelCard], problems: Sequence[str], models: Path, rates: Rates | None = None
) -> Engine | FarmEngine:
    """An engine that is not started, for models that lie in a folder.

    Args:
        cards, problems, rates: see `Engine`.
        models: the folder, for workers on this machine.

    Raises:
        AddressError: STUDIO_FARM cannot be followed.
    """
    address = farm_address()
    if address is None:
        from studio.engine.engine import Engine

        return Engine(tuple(cards), tuple(problems), rates=rates)
    from studio.farm.engine import FarmEngine
    from studio.farm.ray_pool import RayPool

    return FarmEngine(RayPool(address, models), cards, rates)
