"""The shelf of projects under a home folder, and the engine they share."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from studio.catalogue.cards import ModelCard
from studio.engine.events import EngineStatus
from studio.engine.identity import Identity
from studio.language import sentence
from studio.media import disk
from studio.project import edits, film_trash, shelf, styles, wildcards
from studio.project.model import Project, RenderSettings, Shot
from studio.project.preset import PRESETS, Preset
from studio.project.preset_shelf import FOLDER as OWN_PRESETS
from studio.project.preset_shelf import PresetShelf
from studio.project.shelf import ProjectSummary
from studio.project.store import OpenedProject, Store, StoreError
from studio.project.styles import Styles
from studio.project.wildcards import Wildcards
from studio.session import sounds, trash
from studio.session.job_manager import EngineProtocol
from studio.session.library import Library, copy_project
from studio.session.loras import FOLDER, SHARED_MAX_BYTES, LoraShelf
from studio.session.models import set_model, settings_for
from studio.session.project_zip import unpack, unpack_once
from studio.session.recovery import recover
from studio.session.session import Session
from studio.session.stories import StoryChanges, plan_story


class Studio:
    """The shelf of projects under a home folder, and the engine they share."""

    def __init__(
        self, home: Path, engine: EngineProtocol, models: Sequence[ModelCard], presets: Path = PRESETS, shared: bool = False,
        visitors: bool = False,
    ) -> None:
        """Open the shelf.

        Args:
            home: the folder of all projects.
            engine: renders for all projects.
            models: those to choose from; the first is the default.
            presets: a folder of preset files.
            shared: several people use this studio, so files are limited in size and unused ones are removed.
            visitors: all films are those of passing visitors, see `old_films`.

        Raises:
            PresetError: a preset file cannot be used.
        """
        self.home = home
        self.visitors = visitors
        self.models = tuple(models)
        self._presets = PresetShelf(None if shared else home / OWN_PRESETS, presets)
        self.loras = LoraShelf(home / FOLDER, SHARED_MAX_BYTES if shared else None)
        self.library = Library(home, shared)
        self._wildcards = Wildcards((home / wildcards.FOLDER, wildcards.SHIPPED))     # the artist's own lists and styles come first
        self._styles = Styles((home / styles.FOLDER, styles.SHIPPED))
        self._identity = Identity(card.folder.parent for card in models)
        self._engine = engine
        self._open: dict[str, Session] = {}
        self._last_use: dict[str, float] = {}            # when each was last opened or shown, by the monotonic clock
        self._viewers: Counter[str] = Counter()          # pages that show it now
        self._lock, self._unpacking = threading.Lock(), threading.Lock()

    @property
    def presets(self) -> tuple[Preset, ...]:
        """The presets to choose from, quickest first."""
        return self._presets.all()

    @property
    def engine(self) -> EngineStatus:
        """Whether the engine can render now, and on what."""
        return self._engine.status()

    def create(self, name: str | None = None) -> Session:
        """A new project. Raises EditError: the name is blank or too long. StoreError: the home folder cannot be written."""
        card, settings = self._defaults()
        project = edits.new("Untitled film" if name is None else name, settings=settings)
        if card:
            project = replace(project, size=card.default_size)
        return self._begin(set_model(project, card, None) if card else project)

    def from_story(self, path: Path, model: str | None = None, changes: StoryChanges | None = None) -> Session:
        """A new project from a story file, with `changes`, for the first model unless `model` names another.

        Everything is checked first, so a story that cannot be used leaves no project on the shelf.

        Raises:
            StoryError: the story, its size, its frame, its marks or a LoRA of it cannot be used.
            EditError: it names a preset or model that is not here.
            MediaError: its picture cannot be read, or the disk is full.
            StoreError: the project cannot be written.
        """
        written, project = plan_story(path, model, changes or StoryChanges(), self.models, self.presets)
        session = self._begin(project)
        try:
            if written.image:
                session.set_reference(written.image, written.frame)
            session.set_marks(written.marks)
            for index, segment in enumerate(written.segments):
                if segment.shot:
                    own = Shot(from_words=segment.from_words)
                    session.set_shot(index, session.picture_shot(segment.shot) if isinstance(segment.shot, Path) else own)
                for file, strength in segment.loras:
                    session.add_lora(index, file, strength=strength)
        except BaseException:
            self.discard(session)
            raise
        return session

    def has(self, project_id: str) -> bool:
        """Whether a project of that address or id is on the shelf, readable or not."""
        return shelf.find_folder(self.home, project_id, self.library.project_id) is not None

    def open(self, project_id: str) -> Session:
        """The project of that address or id; every caller gets the same object. Raises StoreError: not there, or unreadable."""
        with self._lock:
            session = self._opened_before(project_id) or self._opened(self._folder(project_id))
            self._last_use[session.id] = time.monotonic()
            return session

    def _opened_before(self, project_id: str) -> Session | None:
        """A project that is open already; None: it is to be read, also because another studio had it open until now."""
        session = self._open.get(project_id)
        return None if session and session.store.was_let_go() else session

    def _opened(self, folder: Path) -> Session:
        """The project in a folder, read unless it is open already. A copy of another project gets an id of its own."""
        session = self._opened_before(shelf.address(folder))
        if session is None:
            store = Store(folder)
            opened = store.open()
            others = [s.folder for s in self._open.values() if s.folder.is_dir()]
            project = opened.project
            if not opened.read_only:
                project = shelf.as_own_project(project, folder, self.home, others, self.library.project_id)
            session = self._open[shelf.address(folder)] = self._session(store, replace(opened, project=project))
            if project != opened.project:
                with contextlib.suppress(StoreError):  # a full disk: the id is saved with the next edit
                    store.save(project)
            if not opened.read_only:
                trash.finish(session)
                sounds.remove_unused(session)
                recover(session)
                session.snapshots.settle()
                session.jobs.restore()
        return session

    def unpack(self, archive_path: Path) -> Session:
        """Put a project that was exported as a ZIP on the shelf, and open it.

        Raises:
            StoreError: the file is no project, or is damaged.
            MediaError: the disk is full.
        """
        project = unpack(archive_path, self.home)
        with self._lock:
            if gone := self._open.pop(project, None):  # open until now, and its folder was removed by hand
                gone.store.close()
        return self.open(project)

    def open_packed(self, archive_path: Path) -> Session:
        """A new project like one in a ZIP that many begin with: they all share the files of its takes.

        Raises:
            StoreError: the file is no project, or the disk refuses.
            MediaError: the disk is full.
        """
        with self._unpacking:
            store = Store(unpack_once(archive_path, self.home))
        try:
            made = copy_project(store.open().project, store, self.home, share=True)
        finally:
            store.close()
        return self.open(made)

    def duplicate(self, project_id: str) -> Session:
        """Copy a project beside the others, and open the copy.

        Raises:
            EditError: it is generating.
            StoreError: it is not there, or the disk refuses. MediaError: the disk is full. Nothing was copied.
        """
        session = self.open(project_id)
        with session.lock:
            session.check_idle()
            made = copy_project(session.project, session.store, self.home)
        return self.open(made)

    def check_room(self, need: int = 0) -> None:
        """Raises MediaError: the disk has no room for so many bytes, or the films' owner may not have more on it."""
        if self.home.is_dir():
            disk.check_room(self.home, need)

    def list(self) -> tuple[ProjectSummary, ...]:
        """All projects, the one changed last first."""
        return self.library.summaries()

    @contextmanager
    def protect(self, session: Session) -> Iterator[None]:
        """While a page shows a project, `sweep` does not remove it."""
        with self._lock:
            self._viewers[session.id] += 1
        if self.visitors:
            shelf.note_use(session.folder)
        try:
            yield
        finally:
            with self._lock:
                self._viewers[session.id] -= 1
                self._last_use[session.id] = time.monotonic()

    def is_shown(self, project_id: str) -> bool:
        """Whether a page shows a project now."""
        with self._lock:
            return self._viewers[project_id] > 0

    def throw_away(self, project_id: str) -> str:
        """Move a project into the trash beside the others; returns its name. Pages that show it are told.

        Raises:
            EditError: it is generating.
            StoreError: it is not there, another studio has it open, or the disk refuses. It is where it was.
        """
        with self._lock:
            session = self._open.get(project_id) or self._opened(self._folder(project_id))
            with session.lock:                          # so that no other tab begins to generate meanwhile
                session.check_idle()
                name, address = session.project.name, session.id
                session.store.close()
                try:
                    film_trash.throw_away(session.folder, self.home, self.loras.max_bytes is not None)
                except StoreError:
                    session.store.reclaim()
                    raise
            del self._open[address]
        session.leave(sentence("“{name}” is in the trash. Restore it there, under Films.", name=name))
        return name

    def sweep(self, age: float = 3600.0) -> int:
        """Remove empty projects that no page shows and nobody used within `age` seconds; returns how many were removed.

        A project with a name, a picture, a prompt or a take is never removed. Empty folders in the trash of films go too. On a
        shared studio, films that were thrown away there `film_trash.KEPT_SECONDS` ago and unused LoRA files are deleted as well.
        """
        removed = 0
        for summary in self.list():
            with self._lock:
                unused = time.monotonic() - self._last_use.get(summary.id, -age) >= age and not self._viewers[summary.id]
                if unused and shelf.is_unused(summary.folder, age):
                    if session := self._open.pop(summary.id, None):
                        session.store.close()
                    removed += shelf.remove(summary.folder)
        film_trash.tidy(self.home, age)
        if self.loras.max_bytes is not None:
            film_trash.sweep(self.home, film_trash.KEPT_SECONDS)
            self.loras.sweep(shelf.used_loras(self.home))
        return removed

    def _begin(self, project: Project) -> Session:
        store = Store(self.home / project.id)
        store.create(project)
        with self._lock:
            self._open[project.id] = self._session(store, OpenedProject(project))
            return self._open[project.id]

    def discard(self, session: Session) -> None:
        """Remove a project that could not be completed, or is not wanted after all."""
        with self._lock:
            self._open.pop(session.id, None)
        session.store.close()
        shelf.remove(session.folder)

    def _session(self, store: Store, opened: OpenedProject) -> Session:
        shared = (self.loras, self._wildcards, self._styles, self._identity)
        return Session(store, opened, self._engine, self.models, self._presets, *shared)

    def _folder(self, project_id: str) -> Path:
        folder = shelf.find_folder(self.home, project_id, self.library.project_id)
        if folder is None:
            raise StoreError(sentence("This project is not here: it was moved, renamed or removed. Choose another one."))
        return folder

    def _defaults(self) -> tuple[ModelCard | None, RenderSettings]:
        card = self.models[0] if self.models else None
        preset = self._presets.find("standard") or next(iter(self.presets), None)
        return card, settings_for(preset, card) if preset else RenderSettings()
