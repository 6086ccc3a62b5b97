"""The lab's one command: trains the embedded model, measures models, films the procedural world, and keeps the catalogues.

    python -m studio.lab train film
    python -m studio.lab measure model --quick -o folder
    python -m studio.lab world film script.toml -o film.mp4
    python -m studio.lab language
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from studio.lab.commands import language, measure, train, world

STATUS = (
    "Exit status: 0 when the work is done; 1 when it cannot be done, for example for want of a model; "
    "2 when an option, a recipe or a script is wrong, or a graphics card is needed and missing. A sentence says why."
)


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line. A chosen command has the function that carries it out as `run`."""
    made = argparse.ArgumentParser(
        prog="python -m studio.lab", description="Train, measure and look into the models of MemoryPack Studio.", epilog=STATUS,
        allow_abbrev=False)
    groups = made.add_subparsers(title="groups of commands (each has its own --help)", metavar="GROUP", required=True)
    for group in (train, measure, world):
        group.add_parsers(groups)
    language.add_parsers(groups)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and return its exit status.

    Args:
        arguments: the words after `python -m studio.lab`; None takes those of this process.

    Raises:
        SystemExit: the command line is wrong (status 2), or help was asked for (status 0).
    """
    options = parser().parse_args(arguments)
    status: int = options.run(options)
    return status


if __name__ == "__main__":
    sys.exit(main())
