"""Sentences for people: English texts that can be said in another language. See `sentence.py` and `catalogue.py`."""

from studio.language.catalogue import ENGLISH, LANGUAGES, choose_language, localize, script_catalogues, translate
from studio.language.paths import hide_folders
from studio.language.sentence import Sentence, join, plain, sentence, sentences

__all__ = [
    "ENGLISH", "LANGUAGES", "Sentence", "choose_language", "hide_folders", "join", "localize", "plain", "script_catalogues",
    "sentence", "sentences", "translate",
]
