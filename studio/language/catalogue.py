"""The languages of the page, their catalogues, and how a sentence is said in one of them.

For each language two gettext files lie beside this one: `<language>.sentences.po` with what Python says, and
`<language>.scripts.po` with what the page's scripts say. `python -m studio.lab language` keeps them, and writes the second one
for the browser as `<language>.scripts.json`. Babel reads the first one, and is imported when a language other than English is
first asked for.
"""

from __future__ import annotations

import io
import json
import logging
import string
from collections.abc import Mapping, Sequence
from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

from studio.language.sentence import Sentence, plain

log = logging.getLogger(__name__)
FOLDER = Path(__file__).parent
ENGLISH = "en"
LANGUAGES = {ENGLISH: "English", "de": "Deutsch"}
"""Languages by their code (ISO 639-1), each under its own name. For one that is added here the command begins two files."""


def choose_language(wanted: object) -> str:
    """The language of a code, also of one with a region (de-AT); English for one that is not there, and for what is no code."""
    parts = wanted.replace("_", "-").split("-") if isinstance(wanted, str) else []
    codes = {code.lower(): code for code in LANGUAGES}
    found = ("-".join(parts[:count]).lower() for count in range(len(parts), 0, -1))
    return next((codes[code] for code in found if code in codes), ENGLISH)


def translate(text: str, language: str) -> str:
    """A sentence in another language, with numbers as they are written there.

    Any other text, and a sentence that has no translation, stay English. So does one whose translation cannot be read or filled:
    it may be the answer to something that was done already.
    """
    if language == ENGLISH or not isinstance(text, Sentence):
        return text
    try:
        return _translated(text, language)
    except Exception:
        log.exception("a sentence could not be translated (%s): %s", language, text.template)
        return text


def _translated(text: Sentence, language: str) -> str:
    """See `translate`. Raises what Babel and `str.format` do for a catalogue that is missing, damaged or has other values."""
    translations = _translations(language)
    if text.plural is None:
        template = translations.gettext(text.template) if text.template else ""
    else:
        template = translations.ngettext(text.template, text.plural, text.number)
    return _Filler(language).vformat(template, (), text.values) if text.values else template


def localize(value: Any, language: str) -> Any:
    """JSON (dicts, lists, tuples and what lies in them) with its sentences in another language; for English the value itself."""
    if language == ENGLISH:
        return value
    if isinstance(value, Sentence):
        return translate(value, language)
    if isinstance(value, dict):
        return {key: localize(each, language) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(localize(each, language) for each in value)
    return value


def script_catalogues() -> dict[str, dict[str, str | dict[str, str]]]:
    """For each language but English, the translations of the scripts' texts: one for each, or one for each plural category."""
    others = [language for language in LANGUAGES if language != ENGLISH]
    return {language: json.loads((FOLDER / f"{language}.scripts.json").read_text("utf-8")) for language in others}


@cache
def _translations(language: str) -> GNUTranslations:
    """What Python says in a language, read once."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (FOLDER / f"{language}.sentences.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def _signs(language: str) -> dict[int, str]:
    """What stands for the English decimal point and the comma between thousands."""
    from babel.numbers import get_decimal_symbol, get_group_symbol

    return str.maketrans({".": get_decimal_symbol(language), ",": get_group_symbol(language)})


class _Filler(string.Formatter):
    """Puts values into a template: sentences in its language, numbers with its signs."""

    def __init__(self, language: str) -> None:
        self.language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        """A value's text: a sentence translated, a number with the language's signs."""
        if isinstance(value, Sentence):
            return format(plain(translate(value, self.language)), format_spec)
        text = format(value, format_spec)
        return text.translate(_signs(self.language)) if isinstance(value, int | float) else text

    def check_unused_args(self, used_args: set[int | str], args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """A translation may leave a value out."""
