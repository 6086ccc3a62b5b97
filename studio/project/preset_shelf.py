"""The presets to choose from: those that come with the studio, and the artist's own, which lie beside the projects."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

from studio.disk import atomic_write, explain
from studio.language import plain, sentence
from studio.names import slug
from studio.project import limits
from studio.project.limits import EditError
from studio.project.model import RenderSettings
from studio.project.preset import PRESETS, USUAL, Preset, PresetError, find_presets, read_preset

FOLDER = "presets"
"""Of the artist's own presets, beside the projects."""
MOST = 50
"""Files of that folder that are read, at most."""
OWN = "own-"
"""How the names of own presets begin, so that none takes the place of one that comes with the studio."""


class PresetShelf:
    """Presets by name. Those of the artist are read when they are asked for, and one that cannot be used is left out."""

    def __init__(self, own: Path | None, shipped: Path = PRESETS) -> None:
        """Read the presets that come with the studio.

        Args:
            own: folder of the artist's own; None: nobody may save any, as on a shared studio.
            shipped: folder of the others.

        Raises:
            PresetError: one of the latter cannot be used.
        """
        self._shipped = find_presets(shipped)
        self._own = own
        self._read: dict[tuple[str, int, int], Preset | None] = {}
        self._lock = threading.Lock()

    def all(self) -> tuple[Preset, ...]:
        """All of them, quickest first."""
        return tuple(sorted([*self._shipped, *self.own()], key=lambda preset: (preset.steps, preset.name)))

    def own(self) -> tuple[Preset, ...]:
        """The artist's own."""
        with self._lock:
            return tuple(preset for path in self._files() if (preset := self._preset(path)))

    @property
    def can_save(self) -> bool:
        """Whether presets can be saved here."""
        return self._own is not None

    def named(self, name: str) -> Preset:
        """The preset of a name. Raises EditError: there is none."""
        for preset in self.all():
            if preset.name == name:
                return preset
        raise EditError(sentence(
            "There is no preset '{name}'. There are: {names}.", name=name, names=", ".join(preset.name for preset in self.all())))

    def find(self, name: str) -> Preset | None:
        """The preset of a name; None: there is none."""
        return next((preset for preset in self.all() if preset.name == name), None)

    def save(self, title: str, steps: int, guidance: float | None, cache: float, usual: int, rule: str = RenderSettings.cache_rule
    ) -> Preset:
        """Save a preset of the artist's own; one of the same name is replaced.

        Args:
            title: its name for people.
            steps: denoising steps on a model whose own number is `usual`.
            guidance: None: the model's own.
            cache: threshold of the step cache.
            rule: of the step cache.

        Raises:
            EditError: a value is not accepted, there are too many presets, or the disk does not take it.
        """
        if self._own is None:
            raise EditError(sentence("On a shared studio presets cannot be saved: everybody would see them."))
        clean = limits.name(title, sentence("preset"))
        # Titles of two scripts may have the same letters in file names, or none: what tells them apart is a sum.
        name = f"{OWN}{slug(clean)}-{hashlib.sha256(clean.casefold().encode()).hexdigest()[:6]}"
        values: dict[str, object] = {
            "title": clean, "description": plain(sentence("Your own.")), "steps": round(limits.steps(steps) * USUAL / usual, 4),
            "cache": limits.cache(cache), "cache_rule": limits.cache_rule(rule),
            **({} if guidance is None else {"guidance": limits.guidance(guidance)}),
        }
        path = self._own / f"{name}.toml"
        with self._lock:
            if not path.is_file() and sum(1 for _ in self._files()) >= MOST:
                raise EditError(sentence(
                    "There are {most} presets of your own already. Remove one first; nothing was saved.", most=MOST))
            try:
                self._own.mkdir(parents=True, exist_ok=True)
                lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items()]
                with atomic_write(path) as temporary:
                    temporary.write_text("".join(lines), "utf-8")
                return read_preset(path)
            except OSError as error:
                raise EditError(sentence("The preset could not be saved. {problem}", problem=explain(self._own, error))) from error
            except PresetError as error:
                raise EditError(sentence(
                    "The preset could not be read back, so it was not saved: {error}", error=str(error))) from error

    def remove(self, name: str) -> None:
        """Remove a preset of the artist's own. Films that were set by it keep their settings. Raises EditError: it is not there."""
        with self._lock:
            path = next((path for path in self._files() if path.stem == name), None)
            if path is None:
                raise EditError(sentence("This preset is none of your own, or it was removed. Nothing was changed."))
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise EditError(sentence("The preset could not be removed. {problem}", problem=explain(path, error))) from error

    def _files(self) -> Iterator[Path]:
        if self._own is not None:
            yield from sorted(path for path in self._own.glob(f"{OWN}*.toml") if path.is_file())[:MOST]

    def _preset(self, path: Path) -> Preset | None:
        """The preset in a file, from what was read before where the file is as it was; None: it cannot be used."""
        try:
            facts = path.stat()
        except OSError:
            return None
        key = (path.name, facts.st_mtime_ns, facts.st_size)
        if key not in self._read:
            try:
                self._read[key] = read_preset(path)
            except PresetError:
                self._read[key] = None
        return self._read[key]
