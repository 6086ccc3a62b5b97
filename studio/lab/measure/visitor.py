"""Visitors without a screen, as on other machines: each follows a film as the page does, and rewinds between its takes."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import secrets
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

TIMEOUT = 60.0
"""Seconds after which an answer counts as an error."""


class Visitor:
    """One visitor of a studio, in threads of its own from `start` until `stop`."""

    def __init__(self, port: int, film: str, takes: Sequence[str], pause: float = 1.0) -> None:
        """`film`, `takes`: ids, of the takes to rewind to in turn; `pause`: seconds between two clicks."""
        self.milliseconds: list[float] = []
        """Of each click, until it was answered."""
        self.errors: list[str] = []
        self._server, self._name = f"http://127.0.0.1:{port}/gradio_api", secrets.token_hex(5)
        self._film, self._takes, self._pause = film, tuple(takes), pause
        self._board = 0                  # the component that answers clicks
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._follow, self._click)]

    def start(self) -> None:
        """Begin to follow the film, and then to click."""
        with urllib.request.urlopen(f"{self._server.removesuffix('/gradio_api')}/config", timeout=TIMEOUT) as answer:
            page = json.loads(answer.read())
        self._board = next(each["id"] for each in page["components"] if "ask" in (each["props"].get("server_fns") or ()))
        follow = next(each for each in page["dependencies"] if [self._board, "follow"] in map(list, each["targets"]))
        data = {"project": self._film, "page": self._name}
        self._post("queue/join", {"data": [], "event_data": data, "fn_index": follow["id"], "trigger_id": self._board})
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask it to stop; `join` waits until it has."""
        self._stop.set()

    def join(self) -> None:
        """Wait until the last click is answered and the stream is closed: it brings a message every few seconds."""
        for thread in self._threads:
            thread.join(TIMEOUT)

    def _follow(self) -> None:
        try:
            with urllib.request.urlopen(f"{self._server}/queue/data?session_hash={self._name}", timeout=TIMEOUT) as stream:
                while not self._stop.is_set():
                    if not stream.readline():
                        self._fail("the stream of a page ended")
                        return
        except OSError as error:
            self._fail(f"the stream of a page broke: {error}")

    def _click(self) -> None:
        number = 0
        while not self._stop.wait(self._pause):
            message = {"verb": "rewind", "page": self._name, "project": self._film, "take": self._takes[number % len(self._takes)]}
            number, clock = number + 1, time.perf_counter()
            try:
                answer = self._post("component_server/", {"data": message, "component_id": self._board, "fn_name": "ask"})
            except OSError as error:
                self._fail(f"a click was not answered: {error}")
                continue
            self.milliseconds.append(1000 * (time.perf_counter() - clock))
            if not answer.get("ok"):
                self._fail(f"a click was refused: {answer}")

    def _post(self, path: str, message: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps({**message, "session_hash": self._name}).encode()
        request = urllib.request.Request(f"{self._server}/{path}", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found

    def _fail(self, error: str) -> None:
        if not self._stop.is_set():
            self.errors.append(error)


@contextlib.contextmanager
def visitors(port: int, films: Sequence[tuple[str, Sequence[str]]]) -> Iterator[None]:
    """While the context lasts, one visitor for each film clicks, all in a process of their own: theirs is not the studio's work.

    Args:
        port: of the studio.
        films: id of each film, and the ids of the takes to rewind to.

    Raises:
        RuntimeError: they could not begin, or something was not answered.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_visit, args=(port, films, there), daemon=True)
    process.start()
    there.close()
    try:
        _told(here)
        yield
        here.send(None)
        _told(here)
    finally:
        process.terminate()
        process.join()


def _told(end: Connection) -> None:
    """Wait for what the visitors say when they have begun or stopped: the errors so far.

    Raises:
        RuntimeError: there were some, or nothing was said.
    """
    try:
        errors: list[str] = end.recv() if end.poll(TIMEOUT) else ["no answer"]
    except EOFError:
        errors = ["the visitors' process ended"]
    if errors:
        raise RuntimeError(f"{len(errors)} clicks or streams failed, the first: {errors[0]}")


def _visit(port: int, films: Sequence[tuple[str, Sequence[str]]], end: Connection) -> None:
    """Lets visitors click until the other end says to stop. Runs in the process of the visitors."""
    all_of_them = [Visitor(port, film, takes) for film, takes in films]
    for each in all_of_them:
        each.start()
    end.send([])
    end.recv()
    for each in all_of_them:
        each.stop()
    end.send([error for each in all_of_them for error in each.errors])
