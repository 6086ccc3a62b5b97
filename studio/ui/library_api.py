"""The page's verbs for the library of films: what they name need not be the film that the page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from studio.language import join, sentences
from studio.project import edits, library
from studio.project.library import ORDERS, Film
from studio.project.tags import TAGS, set_tags
from studio.session import Studio
from studio.session.arrivals import arrive
from studio.session.invisible_marks import find_marked
from studio.session.old_films import KEPT_SECONDS
from studio.ui.fields import Fields
from studio.ui.words import Json, file_url, format_length, format_size

FILMS = 400
"""Films that one answer lists, at most; the search finds the others."""


def library_verbs(studio: Studio, public: bool) -> Mapping[str, Callable[[Fields], Json | None]]:
    """The verbs, by the names that the page's messages use. `public`: a browser is shown only the films that it has opened."""
    return {
        "library": lambda f: _library(studio, public, f),
        "rename_film": lambda f: studio.open(f.folder("film")).edit(edits.rename, f.text("name")),
        "tag_film": lambda f: studio.open(f.folder("film")).edit(set_tags, f.texts("tags", 5 * TAGS)),
        "open_file": lambda f: _open_file(studio, public, f),
        "read_mark": lambda f: _read_mark(studio, public, f),
        "duplicate_film": lambda f: {"project": studio.duplicate(f.folder("film")).id},
    }


def _library(studio: Studio, public: bool, fields: Fields) -> Json:
    """The films that a search finds, in the wanted order, without empty ones other than the open one; and all tags."""
    known = frozenset(fields.folders("known")) if public else None
    current = fields.folder("project") if fields.has("project") else None
    mine = [film for film in studio.library.films()
            if (known is None or film.id in known) and (film.id == current or not film.empty)]
    words = fields.text("words", 200) if fields.has("words") else ""
    tag = fields.text("tag", 200) if fields.has("tag") else ""
    order = fields.one_of("order", {name: name for name in ORDERS}) if fields.has("order") else "changed"
    found = library.search(mine, words, tag, order)
    return {
        "films": [_film(film, words) for film in found[:FILMS]],
        "found": len(found),
        "all": len(mine),
        "tags": [{"name": name, "films": films} for name, films in library.count_tags(mine)],
        "kept": round(KEPT_SECONDS / 86_400) if studio.visitors else None,
        "weigh": format_size(sum(film.size for film in found)) if found else "",
    }


def _open_file(studio: Studio, public: bool, fields: Fields) -> Json:
    """The film, and the take of it, that an exported file leads to; an empty answer where it is none of this studio's."""
    found = arrive(studio, fields.upload("path"), fields.folders("known") if public else None)
    return {"project": found.session.id, "take": found.take, "name": found.session.project.name} if found else {}


def _read_mark(studio: Studio, public: bool, fields: Fields) -> Json:
    """What of the invisible mark is in a video, and which films it may be; `says`: the same in a sentence."""
    found = find_marked(studio.home, fields.upload("path"), fields.folders("known") if public else None)
    name = fields.text("name", 200) if fields.has("name") else fields.upload("path").name
    reading = found.reading
    return {
        "found": reading.found,
        "number": reading.number if reading.found else None,
        "score": round(reading.score, 1),
        "least": round(found.least, 1),
        "films": list(found.films),
        "says": found.says(name),
    }


def _film(film: Film, words: str) -> Json:
    facts = [format_length(film.seconds)] if film.seconds else []
    facts += [sentences("{number} take", "{number} takes", film.takes), format_size(film.size)]
    return {
        "id": film.id,
        "name": film.name,
        "poster": file_url(film.poster),
        "changed": film.changed,
        "made": film.made,
        "facts": join(*facts, separator=" · "),
        "tags": list(film.tags),
        "where": library.where(film, words),
    }
