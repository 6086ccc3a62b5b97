"""Media files: pictures are read, clips and films are written."""

import unicodedata
from pathlib import Path


class MediaError(Exception):
    """A file could not be read or written. `message` is for the artist: what happened and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def shown_name(path: Path) -> str:
    """The name of a file for a sentence: on one line, at most 80 characters, with question marks where bytes are no letters."""
    unwanted = {"Cc", "Cs", "Zl", "Zp"}
    name = "".join("?" if unicodedata.category(c) in unwanted or c in TURNING else c for c in path.name)
    return name if len(name) <= 80 else f"{name[:60]}…{name[-19:]}"


TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that turn the direction of the text around them, and could make a name look like another."""
