"""The functions that are about takes: making, following, choosing, going back, branching, looking."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

from studio.api.calls import Calls
from studio.api.errors import ApiError
from studio.api.film_values import file_value
from studio.api.values import File, Film, Progress
from studio.language import sentence
from studio.session import EditError


class TakeCalls(Calls):
    """Functions on takes."""

    def generate(self, film: str, all: bool = True) -> AsyncIterator[Progress]:
        """Generate what is planned after the head, and follow that to its end. A caller that leaves does not stop it.

        Args:
            all: every segment from the head on; false: the next one alone.
        """
        return self._follow(film, "generate_all" if all else "generate_next")

    def retake(self, film: str, take: str, seed: int | None = None) -> AsyncIterator[Progress]:
        """Make another take of the same segment after the same parent, and follow that to its end.

        Args:
            take: the id of the take to be made anew, which stays in the tree.
            seed: of its noise, from 0 to 4294967295; null: a random one.
        """
        return self._follow(film, "retake", take=take, seed=seed)

    def audition(
        self, film: str, seeds: int = 3, take: str | None = None, prompts: list[str] | None = None,
        presets: list[str] | None = None, lora: str | None = None, strengths: list[float] | None = None,
    ) -> AsyncIterator[Progress]:  # fmt: skip
        """Make 2 to 9 takes of a segment to choose from, over seeds, prompts, presets and strengths, and follow that to its end.

        Args:
            seeds: how many, for each prompt and preset.
            take: the id of a take of the segment; null: the segment that is next.
            prompts: what to ask for; null: the segment's prompt.
            presets: by name; null: the film's.
            lora: the id of a LoRA of the segment, for strengths.
            strengths: of that LoRA, each from -2 to 2; null: as it is.

        Returns:
            Events, as the job goes on. They name all its takes; use_take chooses one.
        """
        return self._follow(
            film, "audition", seeds=seeds, take=take, prompts=prompts, presets=presets, lora=lora, strengths=strengths)

    def finish(self, film: str, take: str) -> AsyncIterator[Progress]:
        """Make the sections that a partial take lacks, and follow that to its end.

        Args:
            take: the take's id.
        """
        return self._follow(film, "finish", take=take)

    def events(self, film: str) -> AsyncIterator[Progress]:
        """Follow the job of a film to its end. Without a job, or after its end, there is one event."""
        return self._follow(film, None)

    def cancel(self, film: str) -> Film:
        """Stop the film's job within one step. Finished sections are kept."""
        return self._change(film, "cancel")

    def pause(self, film: str) -> Film:
        """Stop the film's job before its next section, so that it can go on later, also after a restart of the studio."""
        return self._change(film, "pause")

    def resume(self, film: str) -> AsyncIterator[Progress]:
        """Go on with a job that is paused, and follow it to its end."""
        return self._follow(film, "resume")

    def use_take(self, film: str, take: str) -> Film:
        """Choose a take, such as one of an audition: the film goes on after it.

        Args:
            take: the take's id.
        """
        return self._change(film, "use_take", take=take)

    def drop_takes(self, film: str, takes: list[str]) -> Film:
        """Move takes, and what continues them, into the trash. Their files stay until empty_trash deletes them.

        Args:
            takes: their ids.
        """
        return self._change(film, "drop_takes", takes=takes)

    def rewind(self, film: str, take: str | None = None) -> Film:
        """Go back to a take of the current branch, exactly: what is generated next follows it. Nothing is overwritten.

        Args:
            take: the take's id; null: to the beginning.
        """
        return self._change(film, "rewind", take=take)

    def branch(self, film: str, take: str | None = None) -> Film:
        """Begin a branch after a take, and go there. The branch that you were on stays as it is.

        Args:
            take: the take's id; null: at the beginning.
        """
        return self._change(film, "branch", take=take)

    def switch(self, film: str, branch: str) -> Film:
        """Go to another branch.

        Args:
            branch: the branch's id.
        """
        return self._change(film, "switch", branch=branch)

    def rename_branch(self, film: str, branch: str, name: str) -> Film:
        """Give a branch another name.

        Args:
            branch: the branch's id.
            name: the name.
        """
        return self._change(film, "rename_branch", branch=branch, name=name)

    def look(self, film: str, takes: list[str] | None = None, kind: Literal["sheet", "poster", "memory"] = "sheet") -> File:
        """Look at takes: a picture with a row of frames for each, the poster of one, or what is remembered after it.

        Args:
            takes: their ids; null: those of the film up to the head.
            kind: sheet, or poster or memory of the last one of the takes.

        Returns:
            The picture: PNG or WebP.
        """
        with self._answering(film) as session:
            wanted = [take.id for take in session.project.film()]
            if takes is not None:
                wanted = self._fields({"takes": takes}).identifiers("takes", 50)
            if missing := [take for take in wanted if take not in session.project.takes]:
                raise ApiError("not_found", sentence("There is no take {take} in this film.", take=missing[0]))
            if kind == "poster" and wanted:
                return self._export(session, what="poster", take=wanted[-1])
            if kind == "memory":
                picture = session.films.memory_picture(wanted[-1]) if wanted else None
                if picture is None:
                    raise EditError(sentence("There is no picture of what is remembered there. Generate a segment first."))
                return file_value(picture)
            return file_value(session.films.contact_sheet(wanted))
