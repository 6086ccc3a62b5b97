"""How much one user of a studio may keep on its disk: what lies in the user's folder is weighed now and then, and limited.

Films, takes and exports are written through `studio.media.disk`, which asks here. Documents are not: what was edited can always be
saved, and trash emptied.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from studio.language import sentence
from studio.media import MediaError

WEIGH_AGAIN_SECONDS = 20.0
"""Seconds after which a folder is weighed again; what was asked for meanwhile counts as written."""


class Allowance:
    """What may lie in one folder and all folders in it. Safe to call from several threads."""

    def __init__(self, folder: Path, most: int) -> None:
        """`most`: bytes."""
        self.folder, self.most = folder.resolve(), most
        self._lock = threading.Lock()
        self._used, self._weighed = 0, -WEIGH_AGAIN_SECONDS

    def check(self, need: int) -> None:
        """Take `need` bytes. Raises MediaError: so much is not left."""
        with self._lock:
            if time.monotonic() - self._weighed > WEIGH_AGAIN_SECONDS or self._used + need > self.most:
                self._used, self._weighed = weigh(self.folder), time.monotonic()      # something may have been deleted
            if self._used + need > self.most:
                raise MediaError(sentence(
                    "Your films take {used:.1f} GB of the {most:.1f} GB that you have here, and this needs {need:.1f} GB. Empty "
                    "the trash, or remove memory that no branch needs, and try again; nothing was lost.",
                    used=self._used / 1e9, most=self.most / 1e9, need=need / 1e9))
            self._used += need


_allowances: list[Allowance] = []


def allow(folder: Path, most: int) -> Allowance:
    """From now on at most `most` bytes are written under a folder."""
    made = Allowance(folder, most)
    _allowances[:] = [each for each in _allowances if each.folder != made.folder] + [made]
    return made


def check_allowance(folder: Path, need: int) -> None:
    """Raises MediaError: less than `need` bytes are left of what may lie in the folder or in one above it."""
    if _allowances:
        resolved = folder.resolve()
        for each in _allowances:
            if resolved.is_relative_to(each.folder):
                each.check(need)


def weigh(folder: Path) -> int:
    """Bytes of all files under a folder. What vanishes meanwhile counts nothing."""
    total, waiting = 0, [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return total
