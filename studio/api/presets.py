"""The functions that are about presets, those of the artist's own among them."""

from __future__ import annotations

from studio.api.calls import Calls
from studio.api.studio_values import Preset
from studio.api.values import Film
from studio.project.model import RenderSettings
from studio.project.preset_shelf import OWN
from studio.session.models import settings_for
from studio.ui.model_views import preset_choices


class PresetCalls(Calls):
    """Functions on presets."""

    def presets(self, film: str) -> list[Preset]:
        """List the presets to choose from for a film's model, quickest first.

        Returns:
            The presets.
        """
        with self._answering(film) as session:
            project, known = session.project, {preset.name: preset for preset in self.page.studio.presets}
            card = next((card for card in self.page.studio.models if card.name == project.model), None)
            found: list[Preset] = []
            for choice in preset_choices([*known.values()], project.settings.preset, card):
                name, settings = choice["name"], settings_for(known[choice["name"]], card)
                found.append({
                    "name": name, "title": choice["title"], "description": choice["description"], "steps": settings.steps,
                    "guidance": settings.guidance, "cache": settings.cache, "own": name.startswith(OWN),
                })  # fmt: skip
            return found

    def apply_preset(self, film: str, preset: str) -> Film:
        """Set the film's steps, guidance and step cache to those of a preset.

        Args:
            preset: its name; see presets.
        """
        return self._change(film, "apply_preset", name=preset)

    def save_preset(
        self, film: str, title: str, steps: int, guidance: float | None = None, cache: float = 0.0,
        rule: str = RenderSettings.cache_rule,
    ) -> Film:  # fmt: skip
        """Save settings for the film's model as a preset of your own, for all films, and set the film to it.

        Args:
            title: its name for people; one that is there already is replaced.
            steps: denoising steps of a section.
            guidance: how closely the prompt is followed; null: as the film has it.
            cache: threshold of the step cache, from 0 to 1; 0: no step is skipped.
            rule: by which they are skipped: first-block or magnitude.
        """
        return self._change(film, "save_preset", title=title, steps=steps, guidance=guidance, cache=cache, rule=rule)

    def remove_preset(self, film: str, preset: str) -> Film:
        """Remove a preset of your own. Films that were set to it keep their settings.

        Args:
            preset: its name.
        """
        return self._change(film, "remove_preset", name=preset)
