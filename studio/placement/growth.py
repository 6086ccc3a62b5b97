"""How long a film may become whose long-term memory grows: each section has more of the past to read than the one before it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from studio.language import join, sentence
from studio.placement.choose import PlanError, choose_plan
from studio.placement.machine import Machine
from studio.placement.plan import Plan
from studio.placement.profile import Profile
from studio.placement.sizes import ModelSizes, Size

LONGEST = 1000
"""Sections of the longest films that are looked at."""


def first_too_long(
    machine: Machine, model: ModelSizes, size: Size, override: Profile | None = None, profiles: Sequence[Profile] | None = None
) -> int:
    """The section from which on no plan fits; `LONGEST` + 1 where films of LONGEST sections still fit. As for `choose_plan`."""
    def too_long(sections: int) -> bool:
        """Whether no plan serves a film of so many sections."""
        try:
            choose_plan(machine, replace(model, sections=sections), size, override, profiles)
        except PlanError:
            return True
        return False

    return 1 + bisect_left(range(1, LONGEST + 1), True, key=too_long)


def choose_for_some_length(
    machine: Machine, model: ModelSizes, size: Size, override: Profile | None = None, profiles: Sequence[Profile] | None = None
) -> Plan:
    """As `choose_plan`; where a memory grows and films of the model's `sections` do not fit, the plan for the longest that do.

    Raises:
        PlanError: not even a film of one section fits.
    """
    try:
        return choose_plan(machine, model, size, override, profiles)
    except PlanError:
        longest = first_too_long(machine, model, size, override, profiles) - 1 if model.psi_grows else 0
        if not longest:
            raise
        return choose_plan(machine, replace(model, sections=longest), size, override, profiles)


def describe_growth(
    machine: Machine, model: ModelSizes, size: Size, override: Profile | None = None, profiles: Sequence[Profile] | None = None
) -> str:
    """A sentence: for how long a film the plan is, and from which section on none fits; "" for a psi that does not grow."""
    if not model.psi_grows:
        return ""
    psi, first = model.psi_tokens(size), first_too_long(machine, model, size, override, profiles)
    grows = sentence(
        "The memory grows with the film: this is for {sections} sections, the last of which reads {tokens:,} tokens of it.",
        sections=model.sections, tokens=psi.history + psi.context)
    if first <= LONGEST:
        return join(grows, sentence("From section {first:,} on it does not fit this machine.", first=first))
    return join(grows, sentence("{longest:,} sections fit too.", longest=LONGEST))
