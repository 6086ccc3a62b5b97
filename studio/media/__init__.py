"""Media files: pictures are read, clips and films are written."""


class MediaError(Exception):
    """A file could not be read or written. `message` is for the artist: what happened and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
