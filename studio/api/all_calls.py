"""All functions in one class."""

from __future__ import annotations

from studio.api.films import FilmCalls
from studio.api.segments import SegmentCalls
from studio.api.takes import TakeCalls


class AllCalls(FilmCalls, SegmentCalls, TakeCalls):
    """All functions. `studio.api.functions.NAMES` lists them."""
