"""Diffusers is imported without the packages that the studio does not use through it; whoever else asks for those finds them."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

import diffusers.utils
from diffusers.quantizers.bitsandbytes import utils as quantizers
from diffusers.schedulers import scheduling_flow_match_euler_discrete as scheduler

from studio import import_changes


def test_diffusers_does_not_import_what_is_not_used() -> None:
    assert not diffusers.utils.is_bitsandbytes_available() and not diffusers.utils.is_scipy_available()
    assert not hasattr(quantizers, "bnb") and not hasattr(scheduler, "scipy")
    assert diffusers.utils.is_accelerate_available() and importlib.util.find_spec("scipy")


def test_a_flag_that_diffusers_has_no_more_is_not_made() -> None:
    other = ModuleType("other")
    with import_changes._without_unused(other):
        other._scipy_available = True                   # type: ignore[attr-defined]
    assert vars(other)["_scipy_available"] is False and not hasattr(other, import_changes.UNUSED[0])
    assert all(hasattr(importlib.import_module(import_changes.PACKAGES), flag) for flag in import_changes.UNUSED)
