"""Files that an agent gives to a tool, and pictures that it gets from one."""

from __future__ import annotations

import base64
import binascii
import io
import re
import secrets
import shutil
from pathlib import Path

from PIL import Image

from studio.api.errors import ApiError
from studio.language import sentence

MOST_BYTES = 24 * 2**20
"""Of a file in a message, at most."""
MOST_FILE_BYTES = {"picture": 2**30}
"""Of a file by the argument that it is for, at most: pictures as `studio.media.picture` reads them."""
USUAL_MOST = 2**34
"""Of any other file, such as a LoRA or a video whose sound is wanted."""
MOST_PIXELS_A_SIDE = 1568
"""Of a picture for an agent: models shrink larger ones themselves."""
DATA = re.compile(r"data:[\w.+/-]*;base64,", re.ASCII)
KINDS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "gif": ".gif", "heic": ".heic", "wav": ".wav", "mpeg": ".mp3",
         "mp4": ".mp4", "ogg": ".ogg", "flac": ".flac", "zip": ".zip", "json": ".json", "octet-stream": ".safetensors"}


class Incoming:
    """Puts files from an agent into the folder of uploads, where the page's verbs take files from."""

    def __init__(self, uploads: Path, local: bool) -> None:
        """`local`: the agent runs on this machine as its user, so it may name files by their paths."""
        self.uploads = uploads
        self.local = local

    @property
    def text(self) -> str:
        """How a file is given, for the agent."""
        data = "a data URL, such as data:image/png;base64,..."
        return f"the path of a file on this machine, or {data}" if self.local else data

    def _how(self) -> str:
        if self.local:
            return sentence("A file is given as its path on this machine, or as a data URL. Nothing was changed.")
        return sentence("A file is given as a data URL (such as data:image/png;base64,...). Nothing was changed.")

    def drop(self, path: str) -> None:
        """Remove a file that was taken in: a film has a copy of what it uses."""
        shutil.rmtree(Path(path).parent, ignore_errors=True)

    def take(self, given: object, what: str = "picture") -> str:
        """Take a file in; returns its path among the uploads.

        Args:
            given: a data URL, or a path.
            what: the argument that it is for.

        Raises:
            ApiError: it is neither, cannot be read, or is too large.
        """
        if not isinstance(given, str):
            raise ApiError("bad_input", self._how())
        folder = self.uploads / f"agent-{secrets.token_hex(8)}"
        if begin := DATA.match(given):
            if len(given) > MOST_BYTES * 4 // 3:
                most = MOST_BYTES // 2**20
                raise ApiError(
                    "bad_input", sentence("A file in a message can have {most} MB at most. Nothing was changed.", most=most))
            try:
                content = base64.b64decode(given[begin.end():], validate=True)
            except (binascii.Error, ValueError):
                raise ApiError("bad_input", sentence("This file is no valid base64. Nothing was changed.")) from None
            kind = next((ending for name, ending in KINDS.items() if name in begin.group()), ".png")
            folder.mkdir(parents=True)
            path = folder / f"{what}{kind}"
            path.write_bytes(content)
            return str(path)
        if not self.local:
            raise ApiError("bad_input", self._how())
        source = Path(given).expanduser()
        try:
            if not source.is_file():
                raise ApiError("file", sentence("There is no file {path}. Nothing was changed.", path=given[:200]))
            if source.stat().st_size > MOST_FILE_BYTES.get(what, USUAL_MOST):
                raise ApiError("file", sentence("This file is too large. Nothing was changed."))
            folder.mkdir(parents=True)
            return str(shutil.copy(source, folder / source.name))
        except (OSError, ValueError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise ApiError(
                "file", sentence("This file cannot be read: {error}. Nothing was changed.", error=str(error))) from error


def for_agent(path: Path) -> tuple[str, str]:
    """A picture as base64 and its kind (MIME type), not larger than a model looks at."""
    with Image.open(path) as picture:
        kind = Image.MIME[picture.format or "PNG"]
        if max(picture.size) <= MOST_PIXELS_A_SIDE:
            return base64.b64encode(path.read_bytes()).decode(), kind
        shown = picture.convert("RGB")
        shown.thumbnail((MOST_PIXELS_A_SIDE, MOST_PIXELS_A_SIDE), Image.Resampling.LANCZOS)
    small = io.BytesIO()
    shown.save(small, "PNG")
    return base64.b64encode(small.getvalue()).decode(), "image/png"
