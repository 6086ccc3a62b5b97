"""Styles to choose from: small TOML files that fill the film's style, and perhaps its cast.

title = "Moonlit fog"     description = "Night, and fog over everything."
style = "moonlit night, fog"     cast = "..." (optional)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from studio.language import sentence
from studio.project import limits
from studio.project.limits import EditError
from studio.project.model import Project
from studio.project.preset import PRESETS
from studio.tables import checked, parse, read_toml, table

SHIPPED = PRESETS / "styles"
FOLDER = "styles"
"""Of the artist's own styles, beside the projects."""
MOST = 100
"""Files of a folder that are read, at most."""


class StyleError(Exception):
    """A style file cannot be used; the message names file and key."""


def _style(text: object) -> str:
    clean = limits.film_text(text, sentence("style"))
    if not clean:
        raise EditError(sentence("A style file says how a film looks."))
    return clean


@table
class Style:
    """Words for the whole film."""

    name: str
    title: Annotated[str, Field(pattern=r"\S", max_length=limits.NAME_LENGTH, description=sentence("a short text"))]
    style: Annotated[str, checked(_style, EditError)]
    description: Annotated[str, Field(max_length=limits.PROMPT_LENGTH, description=sentence("a text"))] = ""
    cast: Annotated[str, checked(lambda text: limits.film_text(text, sentence("cast")), EditError)] = ""
    """"": the film keeps its own."""


def read_style(path: Path) -> Style:
    """The style in `path`, named as the file is. Raises StyleError: it cannot be read, or a key is missing, unknown or wrong."""
    return parse(read_toml(path, StyleError, path.name), Style, path.name, StyleError, name=path.stem)


class Styles:
    """The styles in some folders, read when they are asked for."""

    def __init__(self, folders: Sequence[Path] = (SHIPPED,)) -> None:
        """`folders`: where styles lie; of two with one name that of the earlier folder counts."""
        self._folders = tuple(folders)

    def find(self) -> tuple[tuple[Style, ...], tuple[str, ...]]:
        """The styles by title, and sentences about files that cannot be used."""
        found: dict[str, Style] = {}
        problems = []
        for folder in self._folders:
            for path in sorted(path for path in folder.glob("*.toml") if path.is_file())[:MOST]:
                try:
                    found.setdefault(path.stem, read_style(path))
                except StyleError as error:
                    problems.append(str(error))       # visitors see no paths
        return tuple(sorted(found.values(), key=lambda style: style.title.casefold())), tuple(problems)

    def named(self, name: str) -> Style:
        """The style of a name. Raises EditError: there is none."""
        style = next((style for style in self.find()[0] if style.name == name), None)
        if style is None:
            raise EditError(sentence("This style is not there any more. The film keeps its own words."))
        return style


def use_style(project: Project, style: Style) -> Project:
    """Give the film the words of a style. It keeps its own cast where the style has none."""
    return replace(project, style=style.style, cast=style.cast or project.cast)
