"""`python app.py models`: listing the models, fetching weights, checking them."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from studio.catalogue.cards import CARD, PREPARED, ModelCard, ModelError, file_problem, find_models, read_card
from studio.catalogue.hub.record import RECORD, format_bytes
from studio.commands.guard import STOPPED, WRONG, complain, say

if TYPE_CHECKING:
    from studio.catalogue.hub.download import Download

OURS = {CARD, RECORD, PREPARED, "README.md", "REPORT.md"}


def show(models: Path) -> int:
    """Print all models, and how much of each is on this machine. Returns the process's exit status."""
    cards, problems = find_models(models)
    rows = [(card.name, card.title, _stock(card), card.licence) for card in cards]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for row in rows:
        _print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]))
    for problem in problems:
        say(problem)
    return WRONG if problems or not cards else 0


def fetch(name: str, models: Path, accept: bool, cache: Path | None) -> int:
    """Fetch a model's weights, or go on with an interrupted fetch. Asks for its licences first, unless `accept` accepts them.

    Args:
        name: of the model.
        models: the folder of the models.
        accept: whether the licences are accepted without asking.
        cache: a folder to look for weights in; None: only the usual ones.

    Returns the process's exit status.
    """
    try:
        card = find_model(name, models)
        from studio.catalogue.hub import fetch as hub  # the hub's library: half a second that listing does without
        from studio.catalogue.hub.caches import find_caches
        from studio.catalogue.hub.download import plan_download

        download = plan_download(card, find_caches(models.parent, cache))
        _describe(download)
        if download.unaccepted_sources():
            if not _accepted(download, accept):
                return WRONG
            download = download.accept(datetime.datetime.now(datetime.UTC).date().isoformat())
        with _bar(download.download_size, download.partial_size) as bar:
            def progress(count: int, path: str) -> None:
                bar.set_description(path, refresh=False)
                bar.update(count)

            hub.fetch(download, progress)
        again = read_card(card.folder)
        if again.state != "ready":
            raise ModelError(f"Something of '{card.title}' is missing still. {again.remedy}")
        say(f"{card.title} is ready. If the studio is open, start it again to see it.")
        return 0
    except ModelError as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return complain("Stopped. What is there is kept; the same command goes on from it.", STOPPED)


def check(name: str, models: Path, thorough: bool) -> int:
    """Print what is missing, incomplete, changed (by checksum if `thorough`) or foreign in a model's folder.

    Returns the process's exit status.
    """
    try:
        card = find_model(name, models)
    except ModelError as error:
        return complain(str(error))
    if card.missing is None:
        return complain(f"The weights of '{card.title}' are not on this machine. {card.remedy}")
    wrong = []
    with _bar(sum(file.size for file in card.files) if thorough else 0, 0) as bar:
        for file in card.files:
            if problem := file_problem(card, file, thorough):
                wrong.append(problem)
            bar.update(file.size)
    for problem in wrong:
        _print(f"{problem}.")
    for path in _foreign(card):
        _print(f"{path} does not belong to the model; it is not read.")
    how = "by checksum" if thorough else "by size; --thorough compares checksums"
    say(card.remedy if wrong else f"{card.title}: {len(card.files)} files are as they should be ({how}).")
    return WRONG if wrong else 0


def find_model(name: str, models: Path) -> ModelCard:
    """The card of a model. Raises ModelError: there is none of this name."""
    cards, problems = find_models(models)
    for card in cards:
        if card.name == name:
            return card
    known = ", ".join(card.name for card in cards) or "none"
    raise ModelError(" ".join([f"There is no model '{name}' in {models} (there are: {known}).", *problems]))


def _stock(card: ModelCard) -> str:
    size, missing = sum(file.size for file in card.files), card.missing
    if missing is None:
        return "not fetched (the hub tells the size)"
    if card.state == "ready":
        return f"ready, {format_bytes(size)}"
    return f"{card.state}, {format_bytes(missing)} of {format_bytes(size)} missing"


def _describe(download: Download) -> None:
    coming = download.download_size - download.partial_size
    title, size = download.card.title, format_bytes(download.size)
    say(f"{title}: {size}, of which {format_bytes(coming)} are to be downloaded to {download.folder}.")
    for part, place in download.record.places.items():
        say(f"{part} is used from where it is: {place}")


def _accepted(download: Download, accept: bool) -> bool:
    """Whether the licences are accepted, by a person at a terminal or by the option."""
    say("\nThese weights belong to others, who license them on their own terms:")
    for source in download.unaccepted_sources():
        say(f"- {source.repository} ({', '.join(source.folders)}): {source.licence}\n  {source.licence_link}")
        if source.notice:
            say(f"  {source.notice}")
    if accept:
        say("Accepted by --accept-licence.")
        return True
    if sys.stdin is None or not sys.stdin.isatty():
        say("Nothing was downloaded. Read the licences; if you accept them, add --accept-licence.")
        return False
    sys.stderr.write("\nHave you read these licences, and do you accept them? Type yes to accept: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() == "yes":
        return True
    say("Nothing was downloaded.")
    return False


def _foreign(card: ModelCard) -> Iterator[Path]:
    """Files in the model's folders that are not part of it. Interrupted downloads are not listed."""
    ours = {card.path(file.path) for file in card.files}
    for folder in dict.fromkeys([card.folder, card.weights or card.folder]):
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and path not in ours and inside.parts[0] not in OURS and not inside.parts[0].startswith("."):
                yield path


def _bar(total: int, begun: int) -> tqdm[None]:
    return tqdm(
        total=total, initial=begun, unit="B", unit_scale=True, dynamic_ncols=True, file=sys.stderr, disable=not total, leave=False
    )


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
