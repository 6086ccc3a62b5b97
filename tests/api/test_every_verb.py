"""No verb of the page is forgotten: each has its function for programs, or a reason why not."""

from __future__ import annotations

import re
from pathlib import Path

from studio.api.functions import NAMES
from studio.session import Studio
from studio.ui.api import PageApi
from tests.fake_engine import FakeEngine, card

ROOT = Path(__file__).parents[2]
OTHERWISE = {
    "rename": "set_words", "set_style": "set_words", "set_cast": "set_words", "rename_film": "set_words", "film": "export",
    "film_styles": "styles", "set_shot": "new_shot", "shelved_loras": "loras", "weigh_lora": "use_lora", "drop_lora": "remove_lora",
    "set_trim": "trim", "set_look": "hold_look", "generate_next": "generate", "generate_all": "generate", "contact_sheet": "look",
    "use_sound": "set_sound", "library": "films", "delete_films": "delete_film", "begin": "open_sample", "samples": "about",
    "import_project": "import_film",
}
"""Verbs whose function has another name."""
WITHOUT = {
    "waveform": "a drawing for the page's timeline; a program has the sound itself",
    "uploads": "the page asks it when an upload has failed; a program is answered with the reason",
}
"""Verbs that have none, and why."""


def verbs(tmp_path: Path) -> set[str]:
    """All that a message of the page may ask for."""
    api = PageApi(Studio(tmp_path, FakeEngine(), (card(),)), (), tmp_path)
    handled = re.findall(r'name == "(\w+)"', (ROOT / "studio/ui/api.py").read_text("utf-8"))
    assert set(handled) == {"samples", "uploads"}
    return {*api.verbs, *api.films, *handled}


def forgotten(known: set[str]) -> list[str]:
    """Verbs that have neither a function nor a reason."""
    return sorted(known - set(NAMES) - OTHERWISE.keys() - WITHOUT.keys())


def test_every_verb_has_its_function_or_a_reason(tmp_path: Path) -> None:
    known = verbs(tmp_path)
    assert forgotten(known) == [], "write a function in studio/api for each of these, or the reason why not in WITHOUT"
    assert forgotten({*known, "fly"}) == ["fly"], "a new one is missed"
    assert set(OTHERWISE.values()) <= set(NAMES)
    assert (OTHERWISE.keys() | WITHOUT.keys()) <= known, "what is no verb any more"
    assert not (OTHERWISE.keys() | WITHOUT.keys()) & set(NAMES) and not OTHERWISE.keys() & WITHOUT.keys()


def test_what_the_scripts_ask_for_is_a_verb(tmp_path: Path) -> None:
    scripts = "".join(path.read_text("utf-8") for path in (ROOT / "studio/ui/static").glob("*.js"))
    asked = set(re.findall(r"client\.(?:act|ask|askAside)\('(\w+)'", scripts))
    assert len(asked) > 50 and asked <= verbs(tmp_path)
