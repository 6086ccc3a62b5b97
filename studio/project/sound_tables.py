"""A film's sound and its markers as JSON values and back. Unknown fields, of a newer format, are kept and written back."""

from __future__ import annotations

import math
import re

from studio.project.rules import FormatError
from studio.project.sound_limits import GAIN, OFFSET, known_markers
from studio.project.sources import Sound
from studio.project.table_reader import Table, TableReader

SOUND_FILE = re.compile(r"media/[0-9a-f]{16}\.m4a")


def sound_table(sound: Sound | None, markers: tuple[float, ...]) -> Table:
    """The fields of the sound and of the markers; without them there are none."""
    table: Table = {}
    if sound:
        known = {"file": sound.file, "sha256": sound.sha256, "seconds": sound.seconds, "name": sound.name,
                 "offset": sound.offset, "gain": sound.gain}
        table["sound"] = {**sound.unknown, **known, **({"source": sound.source} if sound.source else {})}
    return table | ({"markers": list(markers)} if markers else {})


def parse_sound(table: object) -> Sound:
    """The sound in a field.

    Raises:
        FormatError: it cannot be read, or its file is none of the project's.
    """
    read = TableReader(table, "sound")
    file, seconds = read.file(SOUND_FILE), read.number("seconds")
    offset, gain = read.number("offset"), read.number("gain")
    if not (seconds > 0 and OFFSET[0] <= offset <= OFFSET[1] and GAIN[0] <= gain <= GAIN[1]):
        raise FormatError("sound: 'seconds', 'offset' or 'gain' is out of range")
    return Sound(file, read("sha256", str), seconds, read("name", str), offset, gain, read.words("source"), read.rest())


def parse_markers(read: TableReader) -> tuple[float, ...]:
    """The markers in the document, in order, without what is none."""
    numbers = [m for m in read.optional("markers", list) or () if isinstance(m, int | float) and not isinstance(m, bool)]
    return known_markers(float(m) for m in numbers if math.isfinite(m))
