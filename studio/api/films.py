"""The functions that are about whole films and their files. A function calls the page's own verbs."""

from __future__ import annotations

from typing import Literal

from studio.api.calls import Calls, upload_path
from studio.api.film_values import file_value, film_value
from studio.api.studio_values import About, FilmName, Model
from studio.api.values import File, Film, Upload
from studio.project import edits
from studio.project.model import Project
from studio.ui.model_views import model_choice
from studio.ui.verbs.film import export

VERSION = 1
ExportKind = Literal[
    "film", "mp4", "gif", "webp", "poster", "project", "otio", "xml", "edl", "shots", "storyboard", "sheet", "frames", "prores",
    "ffv1", "sidecar",
]  # fmt: skip

Order = Literal["changed", "name", "made", "length", "size"]


class FilmCalls(Calls):
    """Functions on the films of a page. All raise ApiError; then nothing has changed."""

    def about(self) -> About:
        """What this studio is: its models, presets and samples, and whether its engine is ready.

        Returns:
            The studio.
        """
        models: list[Model] = [
            {"name": each["name"], "title": each["title"], "from_words": each["from_words"]}
            for each in map(model_choice, self.page.studio.models) if each["ready"]
        ]  # fmt: skip
        return {
            "version": VERSION,
            "shared": self.page.public,
            "engine": self.page.studio.engine.state,
            "models": models,
            "presets": [{"name": preset.name, "title": preset.title} for preset in self.page.studio.presets],
            "samples": [{"name": name, "title": sample.story.name} for name, sample in self.page.samples.items()],
        }

    def films(
        self, words: str = "", known: list[str] | None = None, tag: str = "", order: Order = "changed"
    ) -> list[FilmName]:
        """List films.

        Args:
            words: that a film's name, tags or prompts must have; empty: all films.
            known: ids of films; on a shared studio only these are listed.
            tag: that a film must have; empty: any.
            order: in which they are: the newest, longest and largest first.

        Returns:
            The films, at most 400. Empty ones are left out.
        """
        with self._answering(None):
            known = [] if known is None and self.page.public else known
            fields = self._fields({"words": words, "known": known, "tag": tag, "order": order})
            found = self.page.films["library"](fields) or {}
            return [{"id": film["id"], "name": film["name"], "facts": film["facts"], "tags": film["tags"]}
                    for film in found["films"]]

    def create(
        self, name: str = "Untitled film", model: str | None = None, width: int | None = None, height: int | None = None,
        preset: str | None = None, style: str = "", cast: str = "",
    ) -> Film:  # fmt: skip
        """Create a film. Its timeline is empty, and it has no picture; see set_reference and begin_from_words.

        Args:
            name: of the film.
            model: by its name; null: the studio's first.
            width: in pixels, together with the height; null: the model's own.
            height: in pixels; null: the model's own.
            preset: by its name; null: standard.
            style: how the whole film looks.
            cast: who is in it.
        """
        with self._answering(None):
            name = self._fields({"name": name}).text("name")
            session = self.page.studio.create(name)
            try:
                session.edit(edits.remove_segment, 0)
                if model is not None:
                    self._do(session, "set_model", name=model)
                if width is not None or height is not None:
                    self._do(session, "set_size", width=width, height=height)
                if preset is not None:
                    self._do(session, "apply_preset", name=preset)
                self._do(session, "set_style", style=style)
                self._do(session, "set_cast", cast=cast)
            except BaseException:
                self.page.studio.discard(session)
                raise
            return film_value(session)

    def status(self, film: str) -> Film:
        """What a film is now: its timeline, takes, branches and job."""
        return self._change(film, None)

    def set_reference(self, film: str, picture: Upload, frame: list[float] | None = None) -> Film:
        """Let a film begin with a picture. Takes that were made from another one become stale.

        Args:
            picture: the uploaded file.
            frame: the part of it that the film begins with, as x, y, width and height from 0 to 1; null: chosen by the studio.
        """
        return self._change(film, "set_reference", path=upload_path(picture), frame=frame)

    def begin_from_words(self, film: str) -> Film:
        """Let a film begin from words alone, without a picture, if its model can; see about. Takes made from a picture become
        stale."""
        return self._change(film, "begin_from_words")

    def use_sample(self, film: str, sample: str) -> Film:
        """Let a film begin with the picture of a sample story.

        Args:
            sample: the sample's name; see about.
        """
        return self._change(film, "use_sample", sample=sample)

    def set_words(self, film: str, name: str | None = None, style: str | None = None, cast: str | None = None) -> Film:
        """Change the words of the whole film. What is null stays.

        Args:
            name: of the film.
            style: how the whole film looks.
            cast: who is in it.
        """
        fields = self._fields({"name": name, "style": style, "cast": cast})

        def change(project: Project) -> Project:
            for key, verb in (("name", edits.rename), ("style", edits.set_style), ("cast", edits.set_cast)):
                project = verb(project, fields.text(key)) if fields.has(key) else project
            return project

        with self._answering(film) as session:
            session.edit(change)            # all of them or, where one is refused, none
            return film_value(session)

    def undo(self, film: str) -> Film:
        """Take the last edit or move back."""
        return self._change(film, "undo")

    def redo(self, film: str) -> Film:
        """Do again what was taken back last."""
        return self._change(film, "redo")

    def export(
        self, film: str, what: ExportKind = "film", take: str | None = None, title: str = "", fade: float = 0.0, label: str = "",
        invisible_mark: bool = False, rate: int | None = None, blend: bool = False, audio: Upload | None = None, first: int = 1,
        paper: Literal["a4", "letter"] = "a4",
    ) -> File:  # fmt: skip
        """Export the film up to the head, a take or the project as a file.

        Args:
            what: film is an MP4; sidecar tells how to make that again; mp4, gif, webp, poster: a take; project: a ZIP; see README.
            take: the take's id, for mp4, gif, webp and poster.
            title: the text of a title card before the film; empty: none.
            fade: seconds of fading in and out, of a film, from 0 to 10.
            label: in the corner of each frame of a film, such as Made with AI; empty: none.
            invisible_mark: whether all frames of a film bear a mark that read_mark finds again.
            rate: frames a second of a film: 24, 25 or 30; null: its own.
            blend: whether neighbouring frames are mixed at another rate; false: the nearest one is shown.
            audio: an uploaded file whose sound is heard with a film instead of its own; null: its own.
            first: the number of the first one of frames.
            paper: of a storyboard.

        Returns:
            The file.
        """
        with self._answering(film, take=take) as session:
            named = {"take": take, "title": title or None, "fade": fade, "label": label or None, "invisible_mark": invisible_mark,
                     "rate": rate, "blend": blend,
                     "audio": None if audio is None else upload_path(audio), "first": first, "paper": paper}
            if what == "sidecar":
                made = export(session, self._fields({**named, "what": "film", "sidecar": True}))
                return file_value(made.beside or made.path)
            return self._export(session, what=what, **named)
