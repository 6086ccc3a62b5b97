"""A graphics card that is lent for one section at a time: ZeroGPU, of Hugging Face's Spaces.

There the process that serves the page never has a card. `spaces.GPU` runs a function in a process that is forked for it, in which
CUDA works, for at most the seconds that were asked for; what goes in and comes out is pickled. So every section is one call: the
forked process renders it into the take's folder as any engine does, and the next call goes on from there. When a visitor's quota
ends, the finished sections are on the disk, and the job pauses with a sentence that says when to go on. Elsewhere `spaces.GPU`
gives the function back as it is.

A model that needs the card is loaded in the forked process, which may live on for the next section. ZeroGPU's examples put
weights on "cuda" when the program starts, where CUDA is imitated; our plans of what lies where ask a real card. The price is that
a new process reads the weights while the card is lent; the time asked for counts that. Written after spaces 0.51:
`spaces/zero/decorator.py`, `wrappers.py` and `client.py`.
"""

from __future__ import annotations

import io
import math
import os
import pickle
import re
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from studio.engine import take_folder
from studio.engine.events import Cancelled, CardGone, Event, Failed, RenderRequest, SectionDone, Step, TakeDone, Working
from studio.engine.jobs import Stop
from studio.engine.pace import Pace
from studio.engine.rates import Rates
from studio.language import Sentence, join, plain, sentence

if TYPE_CHECKING:
    from studio.engine.render import Renderer

SHORTEST, LONGEST = 20, 240
"""Seconds that are asked for, at least and at most. Who asks for less waits less, and needs less quota."""
UNKNOWN = 90.0
"""Seconds of a section where nothing was measured."""
BEGIN = 30.0
"""Seconds until a new process denoises, where nothing was measured."""
SPARE = 1.25
"""The time asked for is so many times the estimate: a section that is not done by then is lost."""
_WAIT = re.compile(r"Try again in (?:(\d+) days?, )?(\d+):(\d\d):(\d\d)")
_KEPT = sentence("The finished sections are kept.")
Make = Callable[[RenderRequest], "Renderer"]


def is_lent() -> bool:
    """Whether this process runs on a ZeroGPU Space, as the package `spaces` sees it."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


class LentCard:
    """Renders takes on a card that is lent for each section."""

    def __init__(self, make: Make, rates: Rates) -> None:
        """Make this before the page is launched: a ZeroGPU Space without a function for the card is refused by the Hub.

        Args:
            make: the renderer of a request's model, loaded. It is called in the forked process.
            rates: how long sections take, to ask for the right time.
        """
        import spaces

        self.pace = Pace()
        self._make, self._rates, self._begin = make, rates, BEGIN
        self._renderer: Renderer | None = None             # of the forked process
        self._section: Callable[[bytes, float], Generator[bytes, None, None]] = spaces.GPU(duration=self.seconds)(self._run)

    def seconds(self, packed: bytes, factor: float = 1.0) -> int:
        """How long the card is asked for: a section of a packed request, and what comes before it, times `factor`."""
        request: RenderRequest = unpack(packed)
        rate = self._rates.rate(request.model, request.size)
        one = rate.seconds(request.steps) if rate else UNKNOWN
        made_again = sum(take.sections for take in request.left_out.made) if request.left_out else 0
        return max(SHORTEST, min(LONGEST, math.ceil(factor * SPARE * (one * (1 + made_again) + self._begin))))

    def render(self, request: RenderRequest, stop: Stop) -> Iterator[Event]:
        """Render one take, as `Renderer.render`. Where the card is not lent any more, `stop` is told to pause the job."""
        began, factor = time.monotonic(), 1.0
        while True:
            if stop.is_set() or stop.before_next_section:
                yield Cancelled(request.take, *_close(request), time.monotonic() - began)
                return
            before = take_folder.finished_sections(request.folder)
            yield Working(request.take, sentence("waiting for a graphics card"))
            section = self._section(pack(request), factor)
            try:
                for event in self._timed(request, section):
                    if isinstance(event, TakeDone | Failed):
                        yield replace(event, seconds=time.monotonic() - began)
                        return
                    if not isinstance(event, Cancelled):   # between two sections the card is given back
                        yield event
                    if stop.is_set():
                        break
                failure = None if stop.is_set() or take_folder.finished_sections(request.folder) > before else ("", "")
            except Exception as error:  # noqa: BLE001 - of `spaces`, which raises Gradio's errors, RuntimeError and httpx's
                if _is_aborted(error) and factor == 1.0:
                    factor = 2.0                           # the section needs longer than was asked for
                    continue
                said = explain_refusal(error)
                if said and (request.moment or request.left_out or request.psi_of is not None):
                    yield Failed(request.take, said, "", 0, 0, time.monotonic() - began)     # a question about a film is not paused
                    return
                if said:
                    stop.before_next_section = True
                    yield CardGone(request.take, said)
                    continue
                failure = type(error).__name__, str(getattr(error, "message", error))
            finally:
                section.close()
            if failure:
                yield Failed(request.take, *_explain_failure(*failure), *_close(request), time.monotonic() - began)
                return
            factor = 1.0

    def _run(self, packed: bytes, _: float) -> Generator[bytes, None, None]:
        """The next section of a packed request's take, in the forked process: its events, packed. What follows is for `seconds`."""
        request: RenderRequest = unpack(packed)
        yield pack(Working(request.take, sentence("loading the model")))
        try:
            if self._renderer is None or self._renderer.model.card.name != request.model:
                self._renderer = None
                self._renderer = self._make(request)
        except Exception as error:  # noqa: BLE001 - every failure becomes an event that says what to do
            from studio.engine.failures import explain

            yield pack(Failed(request.take, *explain(error, request), 0, 0, 0.0))
            return
        stop = Stop()
        for event in self._renderer.render(request, stop):
            stop.before_next_section = stop.before_next_section or isinstance(event, SectionDone)
            yield pack(event)

    def _timed(self, request: RenderRequest, packed: Iterator[bytes]) -> Iterator[Event]:
        """The events of a section, with the time left as this process knows it; each forked one has only begun to measure."""
        first = clock = time.monotonic()
        waiting = True
        for number, data in enumerate(packed):
            event, now = unpack(data), time.monotonic()
            if not number:
                first = now                                # until then the card was waited for, which costs nothing
            if isinstance(event, Working) and plain(event.doing) == "denoising":
                if waiting:
                    self._begin, waiting = 0.5 * self._begin + 0.5 * (now - first), False
                clock = now
            elif isinstance(event, Step):
                self.pace.stepped(request.size, now - clock)
                steps = event.steps - event.step + request.steps * (event.sections - event.section - 1)
                event = replace(event, seconds_left=self.pace.left(request.size, steps, event.sections - event.section))
                clock = now
            elif isinstance(event, SectionDone):
                self.pace.finished(request.size, now - clock)
            yield event


class _Pickler(pickle.Pickler):
    """Keeps sentences whole, so that they can still be said in another language, and takes the empty tables of requests."""

    def reducer_override(self, value: Any) -> Any:
        """As pickle asks for: how to make a sentence again."""
        if isinstance(value, Sentence):
            return Sentence, (value.template, value.values, value.plural, value.number)
        if isinstance(value, MappingProxyType):
            return _read_only, (dict(value),)
        return NotImplemented


def _read_only(table: dict[str, Any]) -> MappingProxyType[str, Any]:
    """A table as requests have it: pickle knows its class by no name."""
    return MappingProxyType(table)


def pack(value: Event | RenderRequest) -> bytes:
    """An event or a request for another process."""
    into = io.BytesIO()
    _Pickler(into).dump(value)
    return into.getvalue()


def unpack(data: bytes) -> Any:
    """What was packed by this process, by the one that it was forked from or by one that it forked."""
    return pickle.loads(data)


def explain_refusal(error: Exception) -> Sentence | None:
    """Why the card is not lent for now, and when to go on, by an error of `spaces`; None: it is another error."""
    title, text = str(getattr(error, "title", "")), str(getattr(error, "message", error))
    if title == "ZeroGPU pending credits exceeded":
        promised = sentence("All your time on the graphics card is promised to films that are being made. Resume when one is done.")
        return join(promised, _KEPT)
    if "No GPU was available" in text:
        return join(sentence("No graphics card was free. Resume in some minutes."), _KEPT)
    if "Expired ZeroGPU proxy token" in text:
        return join(sentence("Hugging Face does not know any more who you are. Reload the page and resume."), _KEPT)
    if title != "ZeroGPU quota exceeded":
        return None
    if wait := _WAIT.search(text):
        days, hours, minutes, seconds = (int(part or 0) for part in wait.groups())
        said = sentence("Your time on the graphics card is used up. Resume in {wait}.",
                        wait=_wait(86_400 * days + 3600 * hours + 60 * minutes + seconds))
    elif "runs limit" in text:
        said = sentence("You have used the graphics card as often as you may today. Resume tomorrow.")
    else:
        said = sentence("The time on the graphics card is used up. Sign in to Hugging Face, reload the page and resume.")
    return join(said, _KEPT)


def _is_aborted(error: Exception) -> bool:
    """Whether the forked process was ended before it was done: its time was over."""
    return str(getattr(error, "message", error)) == "GPU task aborted"


def _explain_failure(kind: str, text: str) -> tuple[Sentence, Sentence]:
    """Two sentences: what happened, and what to do. "": nothing is known but that the section is not there."""
    smaller = join(sentence("Choose a smaller size or fewer steps."), _KEPT)
    if text == "GPU task aborted":
        return sentence("The graphics card was taken back before the section was done."), smaller
    if "larger than the maximum allowed" in text:
        return sentence("The graphics card is not lent for as long as a section takes."), smaller
    again = join(sentence("Generate again; if it happens again, report this text."), _KEPT)
    if not kind:
        return sentence("The graphics card was given back without a section."), again
    return sentence("Rendering stopped: {kind}: {error}", kind=kind, error=text), again


def _wait(seconds: int) -> Sentence:
    """A waiting time in whole minutes, rounded up."""
    minutes = max(1, -(-seconds // 60))
    if minutes < 60:
        return sentence("{minutes} min", minutes=minutes)
    return sentence("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)


def _close(request: RenderRequest) -> tuple[int, int]:
    """(sections, frames) of a take that is not done, closed over its finished sections; (0, 0) where that fails."""
    try:
        return take_folder.close(request.folder)
    except Exception:  # noqa: BLE001 - what happened first is told; the files stay, and are counted when the film is opened
        return 0, 0
