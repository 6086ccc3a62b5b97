"""A studio that runs somewhere, from a Python program: a client of its functions, which reads like an artist's script.

    studio = Client("http://127.0.0.1:7860")
    film = studio.create("Cat")
    film.set_reference("cat.png")
    film.add_segment("a cat walks", seconds=4)
    for event in film.generate():
        print(event["doing"], event["section"], event["step"], event["seconds_left"])
    film.export("cat.mp4")

`docs/api.md` says what the functions take and return. Errors are `StudioError`, with a code and a sentence.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from gradio_client import Client as GradioClient
from gradio_client import handle_file
from gradio_client.exceptions import AppError, AuthenticationError

if TYPE_CHECKING:
    from studio.api.values import About, FilmName, Progress
    from studio.api.values import Film as FilmValue

UNREACHABLE = "unreachable"


class StudioError(Exception):
    """A call was refused, or a job failed.

    Attributes:
        code: a short word for programs, see `docs/api.md`; "unreachable" where the studio does not answer.
        message: what happened and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Client:
    """A studio at an address."""

    def __init__(
        self, address: str, language: str = "en", *, user: str = "", password: str | None = None, token: str | None = None
    ) -> None:
        """Connect.

        Args:
            address: of the studio.
            language: of its sentences, such as "de".
            user, password: where the studio asks for them; one that has a password and no users asks for no name.
            token: instead of them, one that `app.py users token` made.

        Raises:
            StudioError: it does not answer, or lets nobody in with these.
        """
        self.language = language
        self._files = tempfile.TemporaryDirectory(prefix="studio-")
        try:
            self._client = GradioClient(
                address, verbose=False, analytics_enabled=False, download_files=self._files.name,
                auth=None if password is None else (user, password),
                headers=None if token is None else {"Authorization": f"Bearer {token}"},
            )  # fmt: skip
        except AuthenticationError as error:
            sentence = f"The studio at {address} asks for a password or a token, and {_given(password, token)}."
            raise StudioError("login", sentence) from error
        except Exception as error:
            sentence = f"There is no studio at {address} ({error}). Start it, or look at the address."
            raise StudioError(UNREACHABLE, sentence) from error

    def about(self) -> About:
        """Its models, presets and samples, and whether its engine is ready."""
        return cast("About", self.call("about"))

    def films(self, words: str = "", known: Sequence[str] | None = None) -> list[FilmName]:
        """Films whose names, tags or prompts have these words. A shared studio lists only those with `known` ids."""
        return cast("list[FilmName]", self.call("films", words=words, known=None if known is None else list(known)))

    def create(self, name: str = "Untitled film", **settings: Any) -> Film:
        """A new film; `settings`: model, width, height, preset, style, cast."""
        return Film(self, self.call("create", name=name, **settings))

    def film(self, film: str) -> Film:
        """The film of an id."""
        return Film(self, self.call("status", film=film))

    def call(self, function: str, /, **arguments: Any) -> Any:
        """Call a function by its name. Raises StudioError: it was refused."""
        try:
            return self._client.predict(api_name=f"/v1_{function}", language=self.language, **arguments)
        except Exception as error:
            raise _as_studio_error(error) from error

    def follow(self, function: str, /, **arguments: Any) -> Iterator[Progress]:
        """Call a function that returns events: it has begun when this returns.

        Raises:
            StudioError: it was refused; or, while it is followed, the job failed.
        """
        try:
            job = self._client.submit(api_name=f"/v1_{function}", language=self.language, **arguments)
        except Exception as error:
            raise _as_studio_error(error) from error
        events = self._events(job)
        return itertools.chain([next(events)], events)

    def _events(self, job: Any) -> Iterator[Progress]:
        last: Progress | None = None
        for event in job:
            last = event
            yield event
        if error := job.exception():
            raise _as_studio_error(error) from error
        if last and last["state"] == "failed":
            raise StudioError("failed", last["message"])


class Film:
    """A film of a studio. Verbs change `state`, which is what the film was after the last call."""

    def __init__(self, client: Client, state: FilmValue) -> None:
        """Take over a film that the studio has answered with."""
        self._client = client
        self.state = state
        self.id = state["id"]

    def status(self) -> FilmValue:
        """Ask what the film is now."""
        return self._do("status")

    def set_reference(self, picture: str | Path, frame: Sequence[float] | None = None) -> FilmValue:
        """Let it begin with a picture file of this machine; `frame`: a part of it as x, y, width, height from 0 to 1."""
        return self._do("set_reference", picture=_upload(picture), frame=None if frame is None else list(frame))

    def use_sample(self, sample: str) -> FilmValue:
        """Let it begin with the picture of a sample story."""
        return self._do("use_sample", sample=sample)

    def set_words(self, name: str | None = None, style: str | None = None, cast: str | None = None) -> FilmValue:
        """Change the film's name, style or cast."""
        return self._do("set_words", name=name, style=style, cast=cast)

    def add_segment(
        self, prompt: str = "", seconds: float | None = None, seed: int | None = None, after: str | None = None
    ) -> FilmValue:
        """Add a segment after another one, or at the end."""
        return self._do("add_segment", prompt=prompt, seconds=seconds, seed=seed, after=after)

    def edit_segment(
        self, segment: str, prompt: str | None = None, seconds: float | None = None, seed: int | None = None
    ) -> FilmValue:
        """Change a segment."""
        return self._do("edit_segment", segment=segment, prompt=prompt, seconds=seconds, seed=seed)

    def remove_segment(self, segment: str) -> FilmValue:
        """Remove a segment that is not rendered."""
        return self._do("remove_segment", segment=segment)

    def new_shot(
        self, segment: str, begins: str = "reference", picture: str | Path | None = None, take: str | None = None, at: int = 0
    ) -> FilmValue:
        """Let a segment begin a new shot at the reference, at a picture file of this machine, or at a frame of a take."""
        upload = None if picture is None else _upload(picture)
        return self._do("new_shot", segment=segment, begins=begins, picture=upload, take=take, at=at)

    def generate(self, all: bool = True) -> Iterator[Progress]:
        """Generate all that is planned, or the next segment; it has begun when this returns. Yields events until it has ended."""
        return self._follow("generate", all=all)

    def retake(self, take: str, seed: int | None = None) -> Iterator[Progress]:
        """Make another take of the same segment. Yields events."""
        return self._follow("retake", take=take, seed=seed)

    def audition(
        self, seeds: int = 3, take: str | None = None, prompts: Sequence[str] | None = None, presets: Sequence[str] | None = None
    ) -> Iterator[Progress]:
        """Make several takes to choose from with `use_take`. Yields events."""
        lists = {"prompts": None if prompts is None else list(prompts), "presets": None if presets is None else list(presets)}
        return self._follow("audition", seeds=seeds, take=take, **lists)

    def events(self) -> Iterator[Progress]:
        """Follow the film's job. Yields events."""
        return self._follow("events")

    def resume(self) -> Iterator[Progress]:
        """Go on with a job that is paused. Yields events."""
        return self._follow("resume")

    def cancel(self) -> FilmValue:
        """Stop the film's job; finished sections are kept."""
        return self._do("cancel")

    def pause(self) -> FilmValue:
        """Stop the film's job before its next section."""
        return self._do("pause")

    def use_take(self, take: str) -> FilmValue:
        """Go on from a take, such as one of an audition."""
        return self._do("use_take", take=take)

    def drop_takes(self, takes: Sequence[str]) -> FilmValue:
        """Move takes into the trash."""
        return self._do("drop_takes", takes=list(takes))

    def rewind(self, take: str | None = None) -> FilmValue:
        """Go back to a take, or to the beginning."""
        return self._do("rewind", take=take)

    def branch(self, take: str | None = None) -> FilmValue:
        """Begin a branch after a take, or at the beginning."""
        return self._do("branch", take=take)

    def switch(self, branch: str) -> FilmValue:
        """Go to another branch."""
        return self._do("switch", branch=branch)

    def rename_branch(self, branch: str, name: str) -> FilmValue:
        """Give a branch another name."""
        return self._do("rename_branch", branch=branch, name=name)

    def pin(self, take: str) -> FilmValue:
        """Let the memory keep what a take shows."""
        return self._do("pin", take=take)

    def unpin(self, take: str) -> FilmValue:
        """Take the pin off a take."""
        return self._do("unpin", take=take)

    def undo(self) -> FilmValue:
        """Take the last edit or move back."""
        return self._do("undo")

    def redo(self) -> FilmValue:
        """Do it again."""
        return self._do("redo")

    def look(self, path: str | Path, takes: Sequence[str] | None = None, kind: str = "sheet") -> Path:
        """Save a picture of takes under a path of this machine: a contact sheet, or a poster."""
        return self._save(self._client.call("look", film=self.id, takes=None if takes is None else list(takes), kind=kind), path)

    def export(self, path: str | Path, what: str = "film", **options: Any) -> Path:
        """Export the film, a take or the project under a path of this machine; `options`: take, title, fade, label, rate."""
        return self._save(self._client.call("export", film=self.id, what=what, **options), path)

    def _do(self, function: str, /, **arguments: Any) -> FilmValue:
        self.state = self._client.call(function, film=self.id, **arguments)
        return self.state

    def _follow(self, name: str, **arguments: Any) -> Iterator[Progress]:
        return self._client.follow(name, film=self.id, **arguments)

    @staticmethod
    def _save(downloaded: str, path: str | Path) -> Path:
        return Path(shutil.move(downloaded, path))


def _given(password: str | None, token: str | None) -> str:
    return "none was given" if password is None and token is None else "this one is wrong"


def _upload(path: str | Path) -> Any:
    if not Path(path).is_file():
        raise StudioError("file", f"There is no file {path}. Nothing was changed.")
    return handle_file(str(path))


def _as_studio_error(error: BaseException) -> StudioError:
    if isinstance(error, StudioError):
        return error
    if isinstance(error, AppError):
        return StudioError(error.title, error.message) if error.title != "Error" else StudioError("failed", error.message)
    if isinstance(error, TypeError | ValueError):      # an argument that the function does not have
        return StudioError("bad_input", str(error))
    return StudioError(UNREACHABLE, f"The studio does not answer ({error}).")
