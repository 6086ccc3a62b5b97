"""Records of films that were exported before records had a recipe: as much of a recipe as they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.project.model import Clock, Project
from studio.project.recipe import MOST, parse_recipe
from studio.project.rules import FormatError

WORDS = ("words", "style_words", "cast_words", "style", "cast", "frame", "step_ratios", "profile_cache")
"""Fields of a take that are the same in a record and in a document."""


def old_recipe(record: Mapping[str, Any], clock: Clock) -> Project:
    """The recipe in a record without one. It has no shots, no takes of other branches, and no size of the picture.

    `clock`: of the model that made the film.

    Raises:
        FormatError: the record does not hang together.
    """
    entries = record.get("takes")
    if not isinstance(entries, list) or not 0 < len(entries) <= MOST or not all(isinstance(each, dict) for each in entries):
        raise FormatError("the record has no takes")
    takes = [_take(record, entry, entries[at - 1].get("id") if at else None, clock) for at, entry in enumerate(entries)]
    return parse_recipe({
        "format": 1, "id": record.get("project_id"), "name": record.get("project"),
        "model": takes[0]["model"], "size": takes[0]["size"],
        "clock": {"fps": clock.fps, "section_frames": clock.section_frames}, "settings": takes[-1]["settings"], "takes": takes,
        "frame": takes[0].get("frame"), "marks": takes[0].get("marks"), "style": takes[-1].get("style", ""),
        "cast": takes[-1].get("cast", ""), "head": takes[-1]["id"], "branch": "main",
        **({"from_words": True} if takes[0]["reference"] == "" else {}),
        "branches": [{"id": "main", "name": "Main", "tip": takes[-1]["id"], "segments": [take["segment"] for take in takes]}],
    })  # fmt: skip


def is_part(record: Mapping[str, Any]) -> bool:
    """Whether the record's film begins in the middle of another one, whose takes before it are not in it."""
    takes = record.get("takes")
    first = takes[0] if isinstance(takes, list) and takes else None
    return "recipe" not in record and isinstance(first, dict) and bool(first.get("parent"))


def _take(record: Mapping[str, Any], entry: Mapping[str, Any], parent: object, clock: Clock) -> dict[str, Any]:
    frames, video = entry.get("frames"), entry.get("video")
    length = frames if isinstance(frames, int) and frames > 0 else clock.section_frames
    segment = {
        "id": str(entry.get("id")), "prompt": entry.get("prompt"), "frames": length, "seed": entry.get("seed"),
        **{name: entry[name] for name in ("loras", "blend", "forget") if name in entry},
        **({"video": {**video, "file": f"media/{str(video.get('sha256'))[:16]}.video", "seconds": clock.seconds(length)}}
           if isinstance(video, dict) else {}),
    }  # fmt: skip
    numbers = ("steps", "guidance", "cache", "cache_rule")
    settings = {"preset": "standard", **{name: entry[name] for name in numbers if name in entry}}
    return {
        "id": entry.get("id"), "parent": parent, "segment": segment, "settings": settings, "model": entry.get("model"),
        "reference": entry.get("reference"), "size": record.get("size"), "sections": entry.get("sections"), "frames": frames,
        "state": "done", "seconds": 0, "created": "",
        **{name: entry[name] for name in WORDS if name in entry},
        **({"marks": record["marks"]} if "marks" in record else {}),
    }  # fmt: skip
