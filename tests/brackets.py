"""A language that puts every text in brackets: whatever is seen outside them is in no catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.lab.commands import language as command
from studio.language import catalogue

BRACKETS = "eo"
"""Its code: of a language that Babel knows the plurals of, and that the studio does not speak."""


def speak_brackets(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Write its catalogues into a folder, and make it the only language of the studio beside English."""
    for name in command.METHODS:
        made = command.update(name, BRACKETS, command.extract(name), folder)
        for message in made:
            if message.id:
                message.string = f"⟦{message.id}⟧" if isinstance(message.id, str) else tuple(f"⟦{text}⟧" for text in message.id)
        (folder / f"{BRACKETS}.{name}.po").write_text(command.po_text(made), "utf-8")
        (folder / f"{BRACKETS}.{name}.json").write_text(command.for_browser(made), "utf-8")
    patch.setattr(catalogue, "FOLDER", folder)
    for language in [language for language in catalogue.LANGUAGES if language != catalogue.ENGLISH]:
        patch.delitem(catalogue.LANGUAGES, language)
    patch.setitem(catalogue.LANGUAGES, BRACKETS, BRACKETS)
    catalogue._translations.cache_clear()
