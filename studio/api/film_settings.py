"""The functions that are about settings of a whole film: its size and model, its style and wildcards, how it goes on."""

from __future__ import annotations

from studio.api.calls import Calls
from studio.api.setting_values import Styles
from studio.api.values import Film
from studio.ui.prompt_views import style_views
from studio.ui.words import finding_key


class FilmSettingCalls(Calls):
    """Functions on a film's settings."""

    def set_size(self, film: str, width: int, height: int) -> Film:
        """Set the size of the takes that are made next. A take of another size cannot be continued.

        Args:
            width: in pixels.
            height: in pixels.
        """
        return self._change(film, "set_size", width=width, height=height)

    def set_model(self, film: str, model: str) -> Film:
        """Render with another model. Segments keep their seconds.

        Args:
            model: its name; see about.
        """
        return self._change(film, "set_model", name=model)

    def styles(self, film: str) -> Styles:
        """List the styles to choose from: those that the studio brings along, and files in its folder of styles.

        Returns:
            The styles.
        """
        with self._answering(film) as session:
            found = style_views(*session.styles.find())
            return {"styles": found["styles"], "problems": found["problems"]}

    def use_style(self, film: str, style: str) -> Film:
        """Give the film the words of a style. It keeps its own cast where the style names none.

        Args:
            style: the style's name; see styles.
        """
        return self._change(film, "use_style", style=style)

    def wildcards(self, film: str) -> list[str]:
        """List the wildcards that prompts, styles and casts may have: each stands for a line of a list, which the seed chooses.

        Returns:
            The wildcards as prompts write them, such as __weather__.
        """
        with self._answering(film) as session:
            return [f"__{name}__" for name in session.wildcards.names()]

    def go_on(self, film: str, on: bool) -> Film:
        """Say whether a job that the end of the studio interrupts goes on by itself when it is started again.

        Args:
            on: whether it does.
        """
        return self._change(film, "go_on", on=on)

    def dismiss(self, film: str, finding: int) -> Film:
        """Remove a sentence about what was wrong with the film, once it was read.

        Args:
            finding: its place among the film's findings, from 0.
        """
        with self._answering(film) as session:
            known = session.findings
            place = self._fields({"finding": finding}).integer("finding", 0, max(0, len(known) - 1))
            return self._change(film, "dismiss", finding=finding_key(known[place]) if known else "")
