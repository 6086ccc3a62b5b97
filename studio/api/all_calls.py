"""All functions in one class."""

from __future__ import annotations

from studio.api.early_changes import EarlyChangeCalls
from studio.api.film_trash import FilmTrashCalls
from studio.api.films import FilmCalls
from studio.api.loras import LoraCalls
from studio.api.memory import MemoryCalls
from studio.api.presets import PresetCalls
from studio.api.segments import SegmentCalls
from studio.api.shown_takes import ShownTakeCalls
from studio.api.sounds import SoundCalls
from studio.api.takes import TakeCalls


class AllCalls(
    FilmCalls, SegmentCalls, LoraCalls, SoundCalls, EarlyChangeCalls, TakeCalls, ShownTakeCalls, MemoryCalls, PresetCalls,
    FilmTrashCalls,
):
    """All functions. `studio.api.functions.NAMES` lists them."""
