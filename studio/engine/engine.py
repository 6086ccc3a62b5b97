"""The engine: warms up behind the page, loads models, runs jobs one after the other. Torch is imported in its own thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from studio.backbones.registry import needs_card
from studio.catalogue.cards import ModelCard, ModelError
from studio.engine import heap, zero_gpu
from studio.engine.calibration import calibration
from studio.engine.events import Cancelled, EngineStatus, Event, Failed, PlacementReduced, RenderRequest, TakeDone, Working
from studio.engine.jobs import Job, Listen, Stop, Worker
from studio.engine.pace import Pace
from studio.engine.rates import Rate, Rates
from studio.language import join, sentence

if TYPE_CHECKING:
    from studio.engine.render import Renderer


class Engine:
    """Renders takes on one device. Made at once; `start` warms it up in the background."""

    def __init__(
        self, models: tuple[ModelCard, ...], problems: tuple[str, ...] = (), device: str | None = None, rates: Rates | None = None
    ) -> None:
        """
        Args:
            models: that can be rendered with; the first one is loaded at the start.
            problems: why other model folders cannot be used, for the message when there is no model at all.
            device: of torch; None: the best there is.
            rates: what is known of this machine's speed, and where it is kept. None: it is forgotten at the end.
        """
        self.rates = rates or Rates()
        self._calm: float | None = None
        self._asked = threading.Event()
        self._calibration: Job | None = None
        self._cards = {card.name: card for card in models}
        self._problems = problems
        self._lent = zero_gpu.LentCard(self._borrow, self.rates) if zero_gpu.is_lent() else None
        self._device = device or ("cpu" if self._lent else None)
        self._renderer: Renderer | None = None
        self._status = EngineStatus("starting", sentence("The engine is warming up."), "")
        self._watchers: list[Callable[[EngineStatus], None]] = []
        self._lock = threading.Lock()
        self._worker = Worker(self._render)
        self._warm = threading.Event()

    @property
    def lanes(self) -> int:
        """Takes that can be rendered at once."""
        return 1

    def start(self, calm: float | None = None) -> None:
        """Import torch and load the first model in a thread of its own. Jobs that come earlier wait for it.

        `calm`: seconds without a job after which a section is rendered behind the page, once on a machine, so that waiting times
        are known. None: never.
        """
        self._calm = calm
        threading.Thread(target=self._warm_up, name="studio-warm-up", daemon=True).start()

    def status(self) -> EngineStatus:
        """How the engine is now."""
        return self._status

    def watch(self, listen: Callable[[EngineStatus], None]) -> None:
        """Call `listen` with every new status from now on, from the engine's threads."""
        self._watchers.append(listen)

    def submit(self, requests: Iterator[RenderRequest], listen: Listen) -> Job:
        """Queue a job. The next request is taken from `requests` when the one before is rendered, in the worker's thread."""
        self._asked.set()
        if self._calibration:
            self._calibration.cancel()                  # an artist waits
        return self._worker.submit(Job(requests, listen))

    def _warm_up(self) -> None:
        try:
            first = next(iter(self._cards.values()), None)
            if first is None:
                missing = sentence("There is no model under models/. Get the repository again: it ships one.")
                raise ModelError(join(*self._problems) or missing)
            self._load(first)
        except ModelError as error:
            self._set_status(EngineStatus("failed", str(error), ""))
        except Exception as error:  # noqa: BLE001 - the page must stay up and say why nothing renders
            note = sentence("The engine did not start: {kind}: {error}", kind=type(error).__name__, error=str(error))
            self._set_status(EngineStatus("failed", note, ""))
        else:
            self._warm.set()
            if self._calm is not None and not self.rates.known(first.name) and not self._asked.wait(self._calm):
                self._calibration = self._worker.submit(Job(calibration(first), lambda job, event: None))
        finally:
            self._warm.set()

    def _load(self, card: ModelCard, size: tuple[int, int] | None = None) -> Renderer:
        """The renderer of a model, planned for films of `size` where it has to be placed."""
        with self._lock:
            if self._renderer is None or self._renderer.model.card.name != card.name:
                if self._renderer is not None:
                    self._renderer.model.release()
                self._renderer = None  # free the old model before the new one is read
                if self._warm.is_set():
                    heap.free_all()    # its cache of embeddings refers back to it
                before = self._status
                try:
                    with heap.keep_all():
                        from studio.backbones.load import load  # torch is imported here, behind the page
                        from studio.engine.render import Renderer

                        self._renderer = Renderer(load(card, self._device, size=size, report=self._preparing))
                except Exception:
                    if self._status is not before:   # a preparation that was reported has ended
                        self._set_status(before)
                    raise
                self._ready(self._renderer)
            return self._renderer

    def _preparing(self, note: str) -> None:
        """Report what takes long while a model is loaded."""
        self._set_status(EngineStatus("starting", note, ""))

    def _ready(self, renderer: Renderer, note: str = "") -> None:
        model = renderer.model
        placement = model.placement.sentences if model.placement is not None else ()
        note = note or sentence("{model} is ready.", model=model.card.title)
        self._set_status(EngineStatus("ready", note, model.device.type.upper(), placement))

    def _render(self, request: RenderRequest, stop: Stop) -> Iterator[Event]:
        if not self._warm.is_set():
            yield Working(request.take, sentence("warming up the engine"))
            while not self._warm.wait(0.1):
                if stop.is_set():
                    yield Cancelled(request.take, 0, 0, 0.0)
                    return
        card = self._cards.get(request.model)
        if card is None:
            known = ", ".join(self._cards) or sentence("none")
            message = sentence("The model '{model}' is not installed (installed: {known}).", model=request.model, known=known)
            remedy = sentence("Choose an installed model, or add its folder under models/.")
            yield Failed(request.take, message, remedy, 0, 0, 0.0)
            return
        if self._lent and needs_card(card):
            for event in self._lent.render(request, stop):
                if isinstance(event, TakeDone) and not request.video:
                    self._measure(self._lent.pace, request, event)
                yield event
            return
        yield Working(request.take, sentence("loading the model"))
        try:
            renderer = self._load(card, request.size)
        except Exception as error:  # noqa: BLE001 - every failure becomes an event that says what to do
            from studio.engine.failures import explain  # by now torch is there

            yield Failed(request.take, *explain(error, request, card.sizes), 0, 0, 0.0)
            return
        for event in renderer.render(request, stop):
            if isinstance(event, TakeDone) and not request.video:
                self._measure(renderer.pace, request, event)
            if isinstance(event, PlacementReduced):
                self._ready(renderer, event.message)
            elif isinstance(event, Working):
                self._report_placement(renderer)
            yield event

    def _borrow(self, request: RenderRequest) -> Renderer:
        """The renderer of a request's model in a process that has a card for a while."""
        with heap.keep_all():
            from studio.backbones.load import load
            from studio.engine.render import Renderer

            return Renderer(load(self._cards[request.model], size=request.size))

    def _measure(self, pace: Pace, request: RenderRequest, done: TakeDone) -> None:
        """Record how fast the take was made, and how large it is, if all of it was rendered and kept."""
        if request.video or request.bridge or request.psi_of is not None:
            return
        measured = pace.measured(request.size)
        if measured and done.sections:
            size = sum(path.stat().st_size for path in request.folder.iterdir() if path.is_file())
            self.rates.record(request.model, request.size, Rate(*measured, size / done.sections))

    def _report_placement(self, renderer: Renderer) -> None:
        """Report the placement if it differs from the one reported last: a take may have needed another plan."""
        placement = renderer.model.placement
        if placement is not None and (now := placement.sentences) != self._status.placement:
            self._set_status(replace(self._status, placement=now))

    def _set_status(self, status: EngineStatus) -> None:
        self._status = status
        for listen in tuple(self._watchers):
            listen(status)
