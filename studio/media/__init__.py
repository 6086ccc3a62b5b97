"""Files: pictures in, clips out. It knows neither the engine nor the page."""


class MediaError(Exception):
    """A file could not be read or written. `message` is for the artist: what happened and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
