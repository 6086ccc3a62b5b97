"""Makes the engine's request for a take of a document, after a look at whether everything that it needs is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from studio.backbones.registry import edits_memory, profile_cache, selects_sections, step_caches
from studio.catalogue.cards import ModelCard, ModelError
from studio.catalogue.step_ratios import FIRST_BLOCK, MAGNITUDE, read_ratios
from studio.engine import take_folder
from studio.engine.events import Bridge, LoraFile, Pin, RenderRequest, SeenColours, ShotStart, VideoSource
from studio.language import join, sentence
from studio.project.edits import EditError
from studio.project.model import Project, Shot, Take
from studio.project.shots import Place, newest_of_place, place_of_take
from studio.project.store import Store
from studio.project.take_requests import TakeRequest
from studio.project.thinning import last_with_memory
from studio.project.tree import check_memory
from studio.project.wildcards import Wildcards
from studio.project.words import fill_words, words_of
from studio.session.loras import LoraShelf
from studio.session.models import check_beginning, known_model


class RequestMaker:
    """Makes requests for takes whose files lie in one project's folder."""

    def __init__(self, store: Store, cards: Mapping[str, ModelCard], loras: LoraShelf, wildcards: Wildcards) -> None:
        """Make requests for takes in `store`, with models of `cards` (by name), LoRAs of `loras` and lists of `wildcards`."""
        self._store = store
        self._cards = cards
        self._loras = loras
        self._wildcards = wildcards

    def fill(self, ask: TakeRequest, project: Project) -> TakeRequest:
        """The request with what is settled when its take is begun: the words that wildcards give, and by what steps are
        left out. A retry, and what is made as it was made before, keeps those that it has.

        Raises:
            EditError: see `Wildcards.fill`; the ratios of the model were not measured, or the profile in STUDIO_PROFILE cannot be
                used.
        """
        take = self._with_step_cache(ask.take)
        if ask.retry_of or ask.exact or take.copy_of:
            return replace(ask, take=take)
        before = project.takes.get(take.parent) if take.parent else None
        return replace(ask, take=fill_words(take, self._wildcards, before))

    def _with_step_cache(self, take: Take) -> Take:
        """The take with what its settings leave open of its step cache, if nothing of it was made yet: the newest ratios of its
        model where it leaves out steps by such, or what the machine's profile asks for where its settings ask for none."""
        card, is_plain_copy = self._cards.get(take.model), take.copy_of is not None and not take.bridge
        if card is None or take.sections or is_plain_copy or take.segment.video is not None:
            return take
        try:
            if take.lacks_ratios and MAGNITUDE in step_caches(card):
                return replace(take, step_ratios=read_ratios(card).stages)
            if take.profile_cache is None and not take.settings.cache and FIRST_BLOCK in step_caches(card):
                return replace(take, profile_cache=profile_cache())
        except ModelError as error:
            raise EditError(str(error)) from error
        return take

    def request(
        self, take: Take, sections: int, project: Project, folder: Path | None = None, checked: bool = True
    ) -> RenderRequest:
        """The request to render `take` until it has so many sections.

        Args:
            take, sections: what is rendered.
            project: that it belongs to.
            folder: where its files go, which exists; None: the take's own folder, which is made.
            checked: False: a take that was made, whose request only says how.

        Raises:
            EditError: see `check`.
            StoreError: the folder cannot be made.
        """
        if checked:
            self.check(take, project)
        place = place_of_take(project, take)
        words = words_of(take)
        cuts = take.parent is not None and take.segment.shot is not None and take.segment.video is None
        return RenderRequest(
            take=take.id,
            model=take.model,
            prompt=words.prompt,
            seed=take.segment.seed,
            sections=sections,
            steps=take.settings.steps,
            guidance=take.settings.guidance,
            size=take.size,
            reference=self._reference(take, place),
            parent=self._store.take_folder(take.parent) if take.parent else None,
            folder=folder or self._store.begin_take(take, project),
            loras=tuple(
                LoraFile(lora.name, self._loras.path(lora.sha256), lora.sha256, lora.strength) for lora in take.segment.loras
            ),
            frame=place.frame,
            marks=place.marks,
            cache=take.settings.cache,
            cache_rule=take.settings.cache_rule,
            step_ratios=take.step_ratios,
            profile_cache=take.profile_cache,
            style=words.style,
            cast=words.cast,
            bridge=self._bridge(take, project),
            before=words_of(project.takes[take.parent]) if take.parent and not cuts else None,
            shot=self._shot(take, project) if cuts else None,
            blend=take.segment.blend if take.parent and not cuts else 0,
            video=self._video(take),
            film_sections=_film_sections(take, sections, project),
            sections_before=_sections_before(take, project),
            colours=SeenColours(look.gain, look.offset, look.latents) if (look := take.context_look) and not cuts else None,
            forget=take.segment.forget if take.parent and self._edits_memory(take) else (),
            pins=tuple(Pin(self._store.take_folder(pin.id), pin.sections) for pin in self._pins(take, project)),
            forgotten=tuple(Pin(self._store.take_folder(gone.id), gone.sections) for gone in self._forgotten(take, project)),
        )

    def _bridge(self, take: Take, project: Project) -> Bridge | None:
        if not take.copy_of or not take.bridge:
            return None
        return Bridge(self._store.take_folder(take.copy_of), project.takes[take.copy_of].sections, take.bridge)

    def _edits_memory(self, take: Take) -> bool:
        return edits_memory(self._cards[take.model], take.size)

    def _pins(self, take: Take, project: Project) -> list[Take]:
        """The pinned takes whose memory goes with a take's: of the same model and size and, in a map, the same place."""
        if not take.pins:
            return []
        if selects_sections(self._cards[take.model]):
            return _alike(take, take.pins, project)
        if not self._edits_memory(take):
            return []
        place = place_of_take(project, take)
        return [pin for pin in _alike(take, take.pins, project) if place_of_take(project, pin) == place]

    def _forgotten(self, take: Take, project: Project) -> list[Take]:
        """The takes whose sections are not read: they need not be before it, for a copy of one has the same memory."""
        return _alike(take, take.forgotten, project) if take.forgotten and selects_sections(self._cards[take.model]) else []

    def _shot(self, take: Take, project: Project) -> ShotStart:
        before = newest_of_place(project, take.parent, place_of_take(project, take))
        shot = take.segment.shot or Shot()
        return ShotStart(
            self._store.take_folder(before.id) if before else self._store.take_folder(shot.take) if shot.take else None,
            self._store.take_folder(shot.take) if shot.take else None, shot.at,
        )  # fmt: skip

    def check(self, take: Take, project: Project) -> None:
        """Check that a take can be rendered.

        Raises:
            EditError: the model, the picture, a LoRA or the parent's snapshot is missing, or a LoRA does not fit.
        """
        card = known_model(self._cards, take.model)
        place = place_of_take(project, take)
        if not place.picture:
            check_beginning(card)
        elif not self._picture(place).is_file():
            if place.picture == take.reference:
                raise EditError(sentence("The reference image is gone from the project's folder. Choose the picture again."))
            raise EditError(sentence("The picture of this shot is gone from the project's folder. Choose the picture again."))
        shot = take.segment.shot if take.parent else None
        others = [*self._pins(take, project), *self._forgotten(take, project)]
        if shot and shot.take and shot.take in project.takes:
            others.append(project.takes[shot.take])
        for other in others:
            check_memory(project, other)
        if shot and shot.take and not self._has_snapshot(shot.take):
            raise EditError(sentence(
                "The take at whose frame this shot begins has lost its files. Choose another beginning for the shot."))
        for lora in take.segment.loras:
            if lora.strength:
                self._loras.check(lora, card)
        for pin in self._pins(take, project):
            if not self._has_snapshot(pin.id):
                number = len(project.lineage(pin.id))
                raise EditError(sentence(
                    "A pinned take of segment {number} has lost its files. Unpin it, and try again; nothing is lost.",
                    number=number))
        for gone in self._forgotten(take, project):
            if not self._has_snapshot(gone.id):
                number = len(project.lineage(gone.id))
                raise EditError(sentence(
                    "A forgotten take of segment {number} has lost its files. Remember it again, and try again; nothing is lost.",
                    number=number))
        if take.copy_of:
            folder = self._store.take_folder(take.copy_of)
            check_memory(project, project.takes[take.copy_of])
            if not self._has_snapshot(take.copy_of) or not (folder / take_folder.CLIP).is_file():
                raise EditError(sentence(
                    "A take that was to be kept has lost its files. Make it again instead; nothing else was changed."))
        if take.parent:
            check_memory(project, project.takes[take.parent])
            if not self._has_snapshot(take.parent):
                raise EditError(join(
                    sentence("The take before this one cannot be continued: its {file} is gone.", file=take_folder.SNAPSHOT),
                    self._way_back(take.parent, project)))
        video = self._video(take)
        if video and not take.copy_of and not video.path.is_file():
            raise EditError(sentence(
                "{video} is gone from the project's folder, so no take can be made of it. Drop the video again.", video=video.name))

    def _has_snapshot(self, take: str) -> bool:
        return (self._store.take_folder(take) / take_folder.SNAPSHOT).is_file()

    def _way_back(self, lost: str, project: Project) -> str:
        """From which take on the film can be made again where the memory of one is lost."""
        if number := last_with_memory(project, lost, self._has_snapshot):
            return sentence(
                "Rewind to the take of segment {number}, the nearest that can be continued, and render from there; every clip "
                "stays.", number=number)
        return sentence("No take before it can be continued: rewind to the start, and render from there; every clip stays.")

    def _video(self, take: Take) -> VideoSource | None:
        video = take.segment.video
        return VideoSource(self._store.folder / video.file, video.name) if video and not take.copy_of else None

    def _reference(self, take: Take, place: Place) -> Path | None:
        """The picture that a take's place shows: a video's last frame for models that go on from it alone; None: there is none."""
        if not place.picture:
            return None
        last = self._store.take_folder(place.video) / take_folder.LAST if place.video and place.video != take.id else None
        return last if last and last.is_file() else self._picture(place)

    def _picture(self, place: Place) -> Path:
        return self._store.media / f"{place.picture[:16]}.png"


def _alike(take: Take, others: tuple[str, ...], project: Project) -> list[Take]:
    """Those of other takes that were made by the same model at the same size."""
    known = (project.takes[other] for other in others if other in project.takes)
    return [other for other in known if (other.model, other.size) == (take.model, take.size)]


def _film_sections(take: Take, sections: int, project: Project) -> int:
    """Sections of the film that ends with a take of so many, or with the current branch's plan if that is longer."""
    made = _sections_before(take, project) + sections
    return max(made, sum(project.clock.sections(segment.frames) for segment in project.current().segments))


def _sections_before(take: Take, project: Project) -> int:
    return sum(before.sections for before in project.lineage(take.parent))
