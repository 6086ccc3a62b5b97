"""How films were made, in words and as metadata of their files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio.media import export
from studio.project.mark_tables import marks_table
from studio.project.memory_tables import pins_table
from studio.project.model import FIRST_FRAME, REFERENCE, Look, Project, Take
from studio.project.trims import trim_table

LOOK_NAMES = {FIRST_FRAME: "first frame", REFERENCE: "reference"}


def caption(project: Project, take: Take) -> str:
    """What a take was asked for, on one line."""
    loras = (f"{lora.name.removesuffix('.safetensors')} {lora.strength:.2f}" for lora in take.segment.loras)
    facts = [f"seed {take.segment.seed}", take.settings.preset, *loras, take.segment.prompt or "no prompt"]
    return ("★ " if take.id in project.stars else "") + " · ".join(facts)


def metadata(project: Project, takes: Sequence[Take]) -> dict[str, str]:
    """How a film was made, as metadata of the film's own file."""
    return export.lineage(film_record(project, takes), project.name)


def film_record(project: Project, takes: Sequence[Take]) -> dict[str, Any]:
    """Project and takes that a film was made of, with all that is needed to make them again."""
    return {
        "project": project.name,
        "project_id": project.id,
        "size": list(project.size),
        **(marks_table(takes[0].marks) if takes else {}),       # takes of one film have the same marks
        "takes": [take_record(project, take) for take in takes],
    }


def take_record(project: Project, take: Take) -> dict[str, Any]:
    """All that is needed to make a take again, as a table for JSON."""
    return {
        "id": take.id,
        "parent": take.parent,
        "prompt": take.segment.prompt,
        **{name: text for name in ("words", "style_words", "cast_words") if (text := getattr(take, name))},
        "seed": take.segment.seed,
        "model": take.model,
        "steps": take.settings.steps,
        "guidance": take.settings.guidance,
        **({"cache": take.settings.cache} if take.settings.cache else {}),
        **({"loras": [{"name": lora.name, "sha256": lora.sha256, "strength": lora.strength} for lora in take.segment.loras]}
           if take.segment.loras else {}),
        "sections": take.sections,
        "frames": take.frames,
        **({"copy_of": take.copy_of} if take.copy_of else {}),
        **({"bridge": take.bridge} if take.bridge else {}),
        "reference": take.reference,
        **({"frame": list(take.frame)} if take.frame else {}),
        **({"video": {"name": video.name, "sha256": video.sha256}} if (video := take.segment.video) else {}),
        **({"blend": take.segment.blend} if take.segment.blend else {}),
        **({"style": take.style} if take.style else {}),
        **({"cast": take.cast} if take.cast else {}),
        **({"forget": list(take.segment.forget)} if take.segment.forget else {}),
        **pins_table(take.pins, take.forgotten),
        **_look(project.looks.get(take.id)),
        **({"trim": trim_table(trim)} if (trim := project.trims.get(take.id)) else {}),
    }


def _look(look: Look | None) -> dict[str, Any]:
    """What a take's colours were matched to in the film: the first frame, the reference, or the take of an id."""
    return {"look": {"match": LOOK_NAMES.get(look.match, look.match), "strength": look.strength}} if look else {}
