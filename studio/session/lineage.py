"""How films were made, in words and as metadata of their files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.engine import take_folder
from studio.media import MediaError, export
from studio.media.picture import read_picture
from studio.project.codec import cache_table, step_cache_table
from studio.project.look_tables import context_look_table
from studio.project.mark_tables import marks_table
from studio.project.memory_tables import pins_table
from studio.project.model import FIRST_FRAME, REFERENCE, Look, Project, Take
from studio.project.recipe import last_take, make_recipe, public_id, recipe_table
from studio.project.sources import Reference
from studio.project.store import Store
from studio.project.trim_tables import trim_table

VERSION = 2
"""Of the record: 1, which says no number, has no recipe."""
HEADER = 2**20
"""Bytes of a snapshot's head, at most."""
LOOK_NAMES = {FIRST_FRAME: "first frame", REFERENCE: "reference"}


def caption(project: Project, take: Take) -> str:
    """What a take was asked for, on one line."""
    loras = (f"{lora.name.removesuffix('.safetensors')} {lora.strength:.2f}" for lora in take.segment.loras)
    facts = [f"seed {take.segment.seed}", take.settings.preset, *loras, take.segment.prompt or "no prompt"]
    return ("★ " if take.id in project.stars else "") + " · ".join(facts)


def metadata(project: Project, takes: Sequence[Take], store: Store | None = None) -> dict[str, str]:
    """How a film was made, as metadata of the film's own file; see `film_record`."""
    return export.lineage(film_record(project, takes, store), project.name)


def film_record(project: Project, takes: Sequence[Take], store: Store | None = None) -> dict[str, Any]:
    """Project and takes that a film was made of, with all that is needed to make them again.

    Args:
        project, takes: the film.
        store: of the project; None: the recipe is left out, as in the many clips of a cut.
    """
    return {
        "version": VERSION,
        "project": project.name,
        "project_id": public_id(project.id),
        "size": list(project.size),
        **(marks_table(takes[0].marks) if takes else {}),       # takes of one film have the same marks
        "takes": [take_record(project, take) for take in takes],
        **(_recipe(project, takes, store) if takes and store else {}),
    }


def _recipe(project: Project, takes: Sequence[Take], store: Store) -> dict[str, Any]:
    """The fields of the recipe: the document, and the weights that its takes were made with, by model."""
    first = project.lineage(last_take(project, takes).id)[0]
    recipe = make_recipe(project, takes, _reference(project, first, store))
    weights = {take.model: name for take in recipe.takes.values() if (name := made_with(store.take_folder(take.id)))}
    return {"recipe": recipe_table(recipe), "weights": weights}


def made_with(folder: Path) -> str | None:
    """The fingerprint of the weights that made a take, as its snapshot names them; None where that cannot be read."""
    try:
        with (folder / take_folder.SNAPSHOT).open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            name = json.loads(file.read(min(size, HEADER)))["__metadata__"]["model"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return name.partition("@")[0] if isinstance(name, str) else None


def _reference(project: Project, first: Take, store: Store) -> Reference | None:
    """The picture that a film began with, which need not be the project's picture of now; None: it began from words alone."""
    if not first.reference:
        return None
    known = project.reference
    if known and known.sha256 == first.reference:
        return known
    file = f"media/{first.reference[:16]}.png"
    try:
        width, height = read_picture(store.folder / file).size
    except MediaError:
        return None
    return Reference(file, first.reference, width, height)


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
        **cache_table(take.settings),
        **step_cache_table(take),
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
        **context_look_table(take.context_look),
        **({"trim": trim_table(trim)} if (trim := project.trims.get(take.id)) else {}),
    }


def _look(look: Look | None) -> dict[str, Any]:
    """What a take's colours were matched to in the film: the first frame, the reference, or the take of an id."""
    return {"look": {"match": LOOK_NAMES.get(look.match, look.match), "strength": look.strength}} if look else {}
