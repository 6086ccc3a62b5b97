"""`app.py render`: a story file becomes a film without the page. Everything goes through a session, as on the page."""

from __future__ import annotations

import argparse
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.catalogue.cards import find_models
from studio.commands.guard import STOPPED, WRONG, complain, say
from studio.commands.progress import Progress
from studio.engine.engine import Engine
from studio.farm.address import AddressError
from studio.farm.choice import choose_engine
from studio.media import disk
from studio.project import edits
from studio.project.preset import PresetError
from studio.project.shelf import address
from studio.project.story import StoryError
from studio.project.trims import film_frames
from studio.session import EditError, JobView, MediaError, Session, StoreError, Studio
from studio.session.stories import StoryChanges


def render(options: argparse.Namespace, models: Path, home: Path) -> int:
    """Render the story (or go on with the project) that `options` name. Returns the process's exit status."""
    try:
        _check(options)
        cards, problems = find_models(models)
        engine = choose_engine(cards, problems, models)
        session = _session(options, Studio(options.resume.resolve().parent if options.resume else home, engine, cards))
        say(f"Project: {session.folder}")
        engine.start()
        if _unrendered(session) and not _generate(session):
            job = session.job
            if job and job.state == "failed":
                say(f"{job.message} {job.remedy}")
            say(f"The finished part is kept. Go on with: python app.py render --resume {session.folder} -o {options.output}")
            return WRONG if job and job.state == "failed" else STOPPED
        film = session.films.export_film()
        with disk.atomic_write(options.output, need=film.stat().st_size) as temporary:
            shutil.copyfile(film, temporary)
        takes = session.project.film()
        frames, clock = film_frames(session.project, takes), session.project.clock
        say(f"{options.output}: {len(takes)} segments, {frames} frames, {clock.seconds(frames):.1f} seconds.")
        return 0
    except (AddressError, StoryError, PresetError, EditError, StoreError, MediaError) as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return complain("Stopped. Finished sections are kept in the project's folder.", STOPPED)


def render_story(story: Path, models: Path, home: Path) -> Session:
    """The project of a story with all its takes.

    Args:
        story: the file. models: the folder of models. home: the folder that the project's folder is made in.

    Raises:
        StoryError, EditError, StoreError, MediaError: as `Studio.from_story`; EditError: rendering failed, or was stopped.
    """
    cards, problems = find_models(models)
    engine = Engine(cards, problems)
    session = Studio(home, engine, cards).from_story(story)
    engine.start()
    if not _generate(session):
        raise EditError(session.job.message if session.job and session.job.message else "The rendering was stopped.")
    return session


def _check(options: argparse.Namespace) -> None:
    """Look for what is wrong before anything is rendered. Raises StoryError, MediaError."""
    if options.resume and options.story:
        raise StoryError("Name a story file or a project folder to --resume, not both.")
    disk.check_writable(options.output)
    if options.output.suffix.lower() != ".mp4":
        raise MediaError(f"The film is an MP4: name it {options.output.with_suffix('.mp4').name}, not {options.output.name}.")


def _session(options: argparse.Namespace, studio: Studio) -> Session:
    """The project to render: the one to resume, or a new one of the story with the changes asked for."""
    if options.resume:
        session = studio.open(address(options.resume.resolve()))
        session.edit(edits.switch, session.project.branch)   # the head at the branch's end: what is rendered stays
    elif options.story:
        return studio.from_story(options.story, options.model, StoryChanges(options.image, options.preset, options.seed))
    else:
        raise StoryError("Name a story file, or a project folder to --resume.")
    if options.model:
        session.set_model(options.model)
    if options.image:
        session.set_reference(options.image)
    if options.preset:
        session.apply_preset(options.preset)
    if options.seed is not None:
        for index in range(len(session.project.path()), len(session.project.current().segments)):
            session.edit(edits.edit_segment, index, seed=(options.seed + index) % 2**32)
    return session


def _unrendered(session: Session) -> bool:
    """Whether segments are left to render, or the last take was cut short."""
    project = session.project
    path = project.path()
    return len(path) < len(project.current().segments) or any(take.state == "partial" for take in path[-1:])


def _generate(session: Session) -> bool:
    """Generate all that is planned, with a progress bar. Ctrl-C cancels and keeps what is finished."""
    project, clock = session.project, session.project.clock
    plan = project.current().segments
    steps = [clock.sections(segment.frames) * project.settings.steps for segment in plan]
    begun = sum(steps[: len(project.path())])
    session.jobs.generate_all()
    with _ctrl_c() as pressed, Progress(sum(steps), begun) as progress:
        revision, note = 0, ""
        while True:
            revision = session.watch(revision, timeout=0.5)
            job = session.job
            assert job is not None
            if job.note != note:
                note = job.note
                progress.write(note)
            _show(progress, job, steps)
            if job.state not in ("queued", "running"):
                return job.state == "done"
            if pressed.is_set():
                session.jobs.cancel()


def _show(progress: Progress, job: JobView, steps: list[int]) -> None:
    """Show the job's steps so far; `steps` are those of each segment."""
    done = sum(steps[: job.index]) + (job.section * job.steps + job.step if job.state == "running" else 0)
    done = progress.total if job.state == "done" else done
    progress.show(done, f"segment {job.index + 1} of {len(steps)}, {job.doing or job.state}")


@contextmanager
def _ctrl_c() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets; a second Ctrl-C ends the program at once. In another thread than the main one it is never set."""
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return

    def press(*_: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, old)

    old = signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, old)
