"""The command `language`: gathers every English text that people read, and brings the catalogues of all languages up to date.

Two templates hold the texts: `sentences.pot` those of Python (arguments of `sentence` and `sentences`, and the titles and
descriptions in our TOML files), `scripts.pot` those of the page's scripts (`t` and `tn`). Babel extracts them and merges them into
the .po files. Line numbers are left out, so that a change of code is no change of catalogues.
"""

from __future__ import annotations

import argparse
import io
import json
import tomllib
from collections.abc import Iterator, Mapping
from gettext import c2py  # type: ignore[attr-defined]
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.lab.commands.options import Commands, add_command
from studio.language.catalogue import ENGLISH, FOLDER, LANGUAGES

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

ROOT = Path(__file__).parents[3]
SCRIPTS = "scripts"
"""The catalogue of the page's scripts; the other one is that of Python."""
KEYWORDS: dict[str, dict[str, tuple[int, ...] | None]] = {
    "sentences": {"sentence": None, "sentences": (1, 2)},
    SCRIPTS: {"t": None, "tn": (1, 2)},
}
TITLES = {"title", "description", "summary", "notice"}
"""Keys of our TOML files whose values people read."""
METHODS = {
    "sentences": {"app.py": "python", "studio/**/*.py": "python", "presets/*.toml": "titles", "presets/*/*.toml": "titles",
                  "models/*/model.toml": "titles"},
    SCRIPTS: {"studio/ui/static/*.js": "javascript"},
}
"""For each catalogue, which files are read, and how."""
HEADS = {"sentences": "the English texts of Python.", SCRIPTS: "the English texts of the page's scripts."}
PROJECT = "MemoryPack Studio"
WITHOUT = ROOT / "studio" / "lab"
"""Whoever does research reads English."""
OPTIONS = {"encoding": "utf-8", "parse_template_string": "true"}
LINE = 110
"""Characters of a line in the files, about."""
UNSTEADY = tuple(f'"{name}:' for name in (
    "POT-Creation-Date", "PO-Revision-Date", "Generated-By", "Last-Translator", "Language-Team", "Report-Msgid-Bugs-To"))
"""Lines of a file's head that are left out: dates, versions and people."""


def add_parsers(groups: Commands) -> None:
    """Add the command `language`."""
    add_command(groups, "language", _update, "Gather every English text that people read, and update the catalogues of all "
                "languages. A new text has no translation yet: write it into the .po files of studio/language, and run this again, "
                "which also writes the browser's copies.")


def extract(name: str) -> Catalog:
    """The template of one catalogue, from the files as they are now. `name`: sentences or scripts."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract as extract_from

    found: dict[tuple[str, ...] | str, set[str]] = {}
    for pattern, method in METHODS[name].items():
        for path in ROOT.glob(pattern):
            if path.is_relative_to(WITHOUT):
                continue
            with path.open("rb") as file:
                texts = _titles(tomllib.load(file)) if method == "titles" else (
                    message for _, message, _, _ in extract_from(method, file, KEYWORDS[name], options=OPTIONS))
                for text in texts:
                    found.setdefault(text, set()).add(path.relative_to(ROOT).as_posix())
    template = Catalog(project=PROJECT, version="0", charset="utf-8", fuzzy=False, header_comment=f"# {PROJECT}: {HEADS[name]}\n#")
    for text, places in sorted(found.items(), key=lambda item: (min(item[1]), str(item[0]))):
        template.add(text, locations=[(place, None) for place in sorted(places)])       # type: ignore[misc]
    return template


def update(name: str, language: str, template: Catalog, folder: Path = FOLDER) -> Catalog:
    """The catalogue of one language with the messages of a template: translations are kept, messages that are gone are dropped."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po

    path = folder / f"{language}.{name}.po"
    if path.exists():
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language)
    else:
        catalogue = Catalog(locale=language, project=PROJECT, version="0", fuzzy=False)
    catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    return catalogue


def po_text(catalogue: Catalog) -> str:
    """A catalogue or a template as the text of its file, without what changes when no message has changed."""
    from babel.messages.pofile import write_po

    written = io.BytesIO()
    write_po(written, catalogue, width=LINE, include_lineno=False, ignore_obsolete=True, sort_output=False)
    lines = written.getvalue().decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(UNSTEADY))


def for_browser(catalogue: Catalog) -> str:
    """A catalogue as the JSON that the scripts read: plural forms by the category that `Intl.PluralRules` names."""
    from babel import Locale

    index = c2py(catalogue.plural_expr)
    rule = Locale.parse(str(catalogue.locale)).plural_form
    forms = {rule(number): index(number) for number in range(200, -1, -1)}
    texts: dict[str, Any] = {}
    for message in catalogue:
        if not message.id or not message.string or not all([*message.string]):
            continue
        if isinstance(message.id, str):
            texts[message.id] = message.string
        else:
            texts[message.id[0]] = {category: message.string[form] for category, form in sorted(forms.items())}
    return json.dumps(texts, ensure_ascii=False, indent=0, sort_keys=True) + "\n"


def catalogue_files(folder: Path = FOLDER) -> Mapping[str, str]:
    """What every file of the catalogues holds when it is up to date, by the file's name."""
    files: dict[str, str] = {}
    for name in METHODS:
        template = extract(name)
        files[f"{name}.pot"] = po_text(template)
        for language in LANGUAGES:
            if language == ENGLISH:
                continue
            catalogue = update(name, language, template, folder)
            files[f"{language}.{name}.po"] = po_text(catalogue)
            if name == SCRIPTS:
                files[f"{language}.{name}.json"] = for_browser(catalogue)
    return files


def _titles(table: Any) -> Iterator[str]:
    """What people read of one of our TOML files."""
    if isinstance(table, list):
        for each in table:
            yield from _titles(each)
    elif isinstance(table, dict):
        for key, value in table.items():
            if key in TITLES and isinstance(value, str):
                yield value
            else:
                yield from _titles(value)


def _update(options: argparse.Namespace) -> int:
    for name, text in catalogue_files().items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0
