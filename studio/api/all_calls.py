"""All functions in one class."""

from __future__ import annotations

from studio.api.disk import DiskCalls
from studio.api.drift import DriftCalls
from studio.api.early_changes import EarlyChangeCalls
from studio.api.film_settings import FilmSettingCalls
from studio.api.film_trash import FilmTrashCalls
from studio.api.films import FilmCalls
from studio.api.library import LibraryCalls
from studio.api.loras import LoraCalls
from studio.api.memory import MemoryCalls
from studio.api.memory_edits import MemoryEditCalls
from studio.api.picture import PictureCalls
from studio.api.presets import PresetCalls
from studio.api.segments import SegmentCalls
from studio.api.shown_takes import ShownTakeCalls
from studio.api.sounds import SoundCalls
from studio.api.take_trash import TakeTrashCalls
from studio.api.takes import TakeCalls


class AllCalls(
    FilmCalls, FilmSettingCalls, PictureCalls, SegmentCalls, LoraCalls, SoundCalls, EarlyChangeCalls, TakeCalls, ShownTakeCalls,
    DriftCalls, MemoryCalls, MemoryEditCalls, PresetCalls, TakeTrashCalls, DiskCalls, LibraryCalls, FilmTrashCalls,
):  # fmt: skip
    """All functions. `studio.api.functions.NAMES` lists them."""
