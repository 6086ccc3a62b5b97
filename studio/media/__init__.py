"""Media files: pictures are read, clips and films are written."""

from pathlib import Path


class MediaError(Exception):
    """A file could not be read or written. `message` is for the artist: what happened and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def shown_name(path: Path) -> str:
    """The name of a file for a sentence: bytes that are no letters as question marks, on one line, at most 80 characters."""
    name = "".join(c if c.isprintable() else "?" for c in path.name)
    return name if len(name) <= 80 else f"{name[:60]}…{name[-19:]}"
