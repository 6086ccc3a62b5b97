"""Films and exports of one project as files: joined, cached, told how they were made. It never edits the project."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studio.media import MediaError, export
from studio.media.join import join
from studio.project.edits import EditError
from studio.project.model import Project, Take
from studio.project.store import CLIP, Store
from studio.session.parcels import pack

JOINED = 12
"""Joined films kept on disk; older ones are made again when they are asked for."""
EXPORTS = 24
"""Exports kept in the project's folder, for whoever fetches them."""


class Films:
    """The films of one project. Safe to call from several threads; one file is made at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()

    def clip(self, take: str) -> Path | None:
        return self._there(take, CLIP)

    def poster(self, take: str) -> Path | None:
        return self._there(take, "poster.webp")

    def memory(self, take: str) -> Path | None:
        """A picture of what the model's memory holds after a take."""
        return self._there(take, "memory.webp")

    def film(self, project: Project, head: str | None) -> Path | None:
        """The film up to a take, of the clips that are there; None when there are none.

        Raises:
            MediaError: a clip is damaged, or the disk is full.
        """
        takes = [take for take in project.lineage(head) if self.clip(take.id)]
        return self._joined(project, takes) if takes else None

    def export_film(
        self, project: Project, head: str | None, title: str | None, fade: float, audio: Path | None
    ) -> Path:
        """The film up to a take as one file with extras.

        Raises:
            EditError: there is no film yet.
            MediaError: a clip is missing or damaged, the audio cannot be read, or the disk is full.
        """
        takes = project.lineage(head)
        if not takes:
            raise EditError("There is no film yet. Generate a segment first.")
        for number, take in enumerate(takes, 1):
            if not self.clip(take.id):
                raise MediaError(f"The clip of segment {number} is missing, so the film has a gap. Retake it first.")
        out = self._out(f"{_slug(project.name)}.mp4")
        export.compose(self._joined(project, takes), out, title=title, fade=fade, audio=audio)
        return out

    def export_take(self, project: Project, take: str, kind: str) -> Path:
        """One take as a file: gif, webp, mp4 or poster.

        Raises:
            EditError: no such take, or no such kind.
            MediaError: its clip is missing or damaged, or the disk is full.
        """
        if take not in project.takes:
            raise EditError("This take is not in the film. Look at the timeline again.")
        if kind not in ("gif", "webp", "mp4", "poster"):
            raise EditError(f"A take is exported as gif, webp, mp4 or poster, not as '{kind}'.")
        clip = self.clip(take)
        if clip is None:
            raise MediaError("The clip of this take is missing. Retake it to see it again.")
        ending = "-poster.webp" if kind == "poster" else f".{kind}"
        out = self._out(f"{_slug(project.name)}-{len(project.lineage(take))}-{take[:4]}{ending}")
        if kind == "poster":
            export.still(clip, out)
        elif kind == "mp4":
            join([clip], out, self._told(project, [project.takes[take]]))
        else:  # from a copy that tells how it was made: the picture takes that over
            (export.gif if kind == "gif" else export.webp)(self._joined(project, [project.takes[take]]), out)
        return out

    def export_project(self, project: Project) -> Path:
        """The whole project as a ZIP that opens on another machine: document, pictures and kept takes, without films.

        Raises:
            MediaError: the disk is full or cannot be written.
        """
        out = self._out(f"{_slug(project.name)}.zip")
        pack(project, self._store, out, f"{_slug(project.name)}-{project.id}")
        return out

    def _joined(self, project: Project, takes: Sequence[Take]) -> Path:
        told = self._told(project, takes)
        content = [project.name, *(f"{take.id}:{take.sections}" for take in takes)]
        path = self._store.films / f"{hashlib.sha256(chr(0).join(content).encode()).hexdigest()[:16]}.mp4"
        with self._lock:
            if path.is_file():
                path.touch()
            else:
                join([self._store.take_folder(take.id) / CLIP for take in takes], path, told)
                self._prune()
        return path

    def _told(self, project: Project, takes: Sequence[Take]) -> dict[str, str]:
        return export.lineage(lineage(project, takes), project.name)

    def _prune(self) -> None:
        joined = [p for p in self._store.films.glob("*.mp4") if re.fullmatch(r"[0-9a-f]{16}", p.stem)]
        for path in sorted(joined, key=lambda p: p.stat().st_mtime)[:-JOINED]:
            path.unlink(missing_ok=True)

    def _there(self, take: str, name: str) -> Path | None:
        path = self._store.take_folder(take) / name
        return path if path.is_file() else None

    def _out(self, name: str) -> Path:
        """Where an export goes: a folder of its own, so that its name can be the film's. Old exports make room."""
        exports = self._store.films / "exports"
        for folder in sorted(exports.glob("*"), key=lambda p: p.stat().st_mtime)[: -EXPORTS + 1]:
            shutil.rmtree(folder, ignore_errors=True)
        return exports / secrets.token_hex(4) / name


def lineage(project: Project, takes: Sequence[Take]) -> dict[str, Any]:
    """How a film was made, for the film's own file."""
    return {
        "project": project.name,
        "project_id": project.id,
        "size": list(project.size),
        "takes": [
            {
                "id": take.id,
                "parent": take.parent,
                "prompt": take.segment.prompt,
                "seed": take.segment.seed,
                "model": take.model,
                "steps": take.settings.steps,
                "guidance": take.settings.guidance,
                **({"cache": take.settings.cache} if take.settings.cache else {}),
                **({"loras": [{"name": lora.name, "sha256": lora.sha256, "strength": lora.strength} for lora in take.segment.loras]}
                   if take.segment.loras else {}),
                "sections": take.sections,
                "frames": take.frames,
                "reference": take.reference,
            }
            for take in takes
        ],
    }


def _slug(name: str) -> str:
    """A name every file system takes: letters and digits of any script, joined by hyphens."""
    return "-".join(re.findall(r"\w+", name))[:60].strip("-_") or "film"
