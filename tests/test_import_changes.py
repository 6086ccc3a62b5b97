"""Diffusers is imported without the packages that the studio does not use through it; whoever else asks for those finds them."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

import diffusers.utils
import transformers.utils
from diffusers.quantizers.bitsandbytes import utils as quantizers
from diffusers.schedulers import scheduling_flow_match_euler_discrete as scheduler
from transformers import modeling_utils

from studio import import_changes


def test_diffusers_does_not_import_what_is_not_used() -> None:
    assert not diffusers.utils.is_bitsandbytes_available() and not diffusers.utils.is_scipy_available()
    assert not hasattr(quantizers, "bnb") and not hasattr(scheduler, "scipy")
    assert diffusers.utils.is_accelerate_available() and importlib.util.find_spec("scipy")


def test_transformers_does_not_import_scipy_for_losses_of_detectors() -> None:
    detectors = importlib.import_module("transformers.loss.loss_for_object_detection")
    assert modeling_utils.LOSS_MAPPING["ForObjectDetection"].__module__ == detectors.__name__
    assert not hasattr(detectors, "linear_sum_assignment") and transformers.utils.is_scipy_available()


def test_a_flag_that_diffusers_has_no_more_is_not_made() -> None:
    other = ModuleType("other")
    with import_changes._without_unused(other):
        other._scipy_available = True                   # type: ignore[attr-defined]
    assert vars(other)["_scipy_available"] is False and not hasattr(other, import_changes.UNUSED[0])
    assert all(hasattr(importlib.import_module(import_changes.PACKAGES), flag) for flag in import_changes.UNUSED)
