"""A film of a studio: each verb is a method, which reads like an artist's script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.client.connection import upload
from studio.client.film_keeping import FilmKeeping
from studio.client.film_memory import FilmMemory
from studio.client.film_timeline import FilmTimeline

if TYPE_CHECKING:
    from studio.api.studio_values import EarlyCost, LoraFile, Pair, Preset, Rating
    from studio.api.values import Film as FilmValue
    from studio.api.values import Progress


class Film(FilmTimeline, FilmMemory, FilmKeeping):
    """A film of a studio. Verbs change `state`, which is what the film was after the last call."""

    def generate(self, all: bool = True) -> Iterator[Progress]:
        """Generate all that is planned, or the next segment; it has begun when this returns. Yields events until it has ended."""
        return self._follow("generate", all=all)

    def retake(self, take: str, seed: int | None = None) -> Iterator[Progress]:
        """Make another take of the same segment. Yields events."""
        return self._follow("retake", take=take, seed=seed)

    def audition(
        self, seeds: int = 3, take: str | None = None, prompts: Sequence[str] | None = None,
        presets: Sequence[str] | None = None, lora: str | None = None, strengths: Sequence[float] | None = None,
    ) -> Iterator[Progress]:  # fmt: skip
        """Make several takes to choose from with `use_take`. Yields events."""
        given: dict[str, Sequence[object] | None] = {"prompts": prompts, "presets": presets, "strengths": strengths}
        lists = {name: None if each is None else list(each) for name, each in given.items()}
        return self._follow("audition", seeds=seeds, take=take, lora=lora, **lists)

    def finish(self, take: str) -> Iterator[Progress]:
        """Make the sections that a partial take lacks. Yields events."""
        return self._follow("finish", take=take)

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

    def undo(self) -> FilmValue:
        """Take the last edit or move back."""
        return self._do("undo")

    def redo(self) -> FilmValue:
        """Do it again."""
        return self._do("redo")

    def look(self, path: str | Path, takes: Sequence[str] | None = None, kind: str = "sheet") -> Path:
        """Save a picture of takes under a path of this machine: a contact sheet, a poster, or what is remembered (memory)."""
        return self._save(self._client.call("look", film=self.id, takes=None if takes is None else list(takes), kind=kind), path)

    def export(self, path: str | Path, what: str = "film", **options: Any) -> Path:
        """Export the film, a take or the project under a path of this machine; `options`: see `docs/api.md`."""
        if options.get("audio") is not None:
            options["audio"] = upload(options["audio"])
        return self._save(self._ask("export", what=what, **options), path)

    def export_ratings(
        self, path: str | Path, place: int | None = None, branch: str | None = None, other: str | None = None
    ) -> Path:
        """Save what the votes say as a table (CSV) under a path of this machine."""
        return self._save(self._ask("export_ratings", place=place, branch=branch, other=other), path)

    # LoRAs, sound

    def loras(self) -> list[LoraFile]:
        """LoRAs to choose from."""
        return self._ask("loras")

    def add_lora(self, segment: str, file: str | Path, name: str = "", strength: float | None = None) -> FilmValue:
        """Put a LoRA file of this machine on a segment."""
        return self._do("add_lora", segment=segment, file=upload(file), name=name or Path(file).name, strength=strength)

    def use_lora(self, segment: str, lora: str, strength: float | None = None) -> FilmValue:
        """Put a LoRA of the studio on a segment, or change its strength there."""
        return self._do("use_lora", segment=segment, lora=lora, strength=strength)

    def spread_lora(self, segment: str, lora: str) -> FilmValue:
        """Put a LoRA of a segment on all others that are not rendered."""
        return self._do("spread_lora", segment=segment, lora=lora)

    def remove_lora(self, segment: str, lora: str) -> FilmValue:
        """Take a LoRA off a segment."""
        return self._do("remove_lora", segment=segment, lora=lora)

    def set_sound(self, sound: str | Path) -> FilmValue:
        """Put the sound of a file of this machine under the film."""
        return self._do("set_sound", sound=upload(sound))

    def place_sound(self, offset: float | None = None, gain: float | None = None) -> FilmValue:
        """Say at which second the sound begins, and how loud it is in decibels."""
        return self._do("place_sound", offset=offset, gain=gain)

    def remove_sound(self) -> FilmValue:
        """Take the sound off the film."""
        return self._do("remove_sound")

    # Rendered segments, shown takes, votes

    def early_costs(
        self, what: str, segment: str | None = None, to: int = 0, prompt: str = "", seconds: float | None = None
    ) -> list[EarlyCost]:
        """What a change of rendered segments costs, for each way to go on."""
        return self._ask("early_costs", what=what, segment=segment, to=to, prompt=prompt, seconds=seconds)

    def change_early(
        self, what: str, then: str, segment: str | None = None, to: int = 0, prompt: str = "", seconds: float | None = None,
        frames: int = 12,
    ) -> Iterator[Progress]:  # fmt: skip
        """Change rendered segments on a branch of their own. Yields events."""
        return self._follow(
            "change_early", what=what, then=then, segment=segment, to=to, prompt=prompt, seconds=seconds, frames=frames)

    def star(self, take: str, on: bool = True) -> FilmValue:
        """Give a take a star, or take it away."""
        return self._do("star", take=take, on=on)

    def trim(
        self, take: str, first: int | None = None, end: int | None = None, loop: str | None = None, times: int | None = None
    ) -> FilmValue:
        """Show a part of a take in the film, or show it several times."""
        return self._do("trim", take=take, first=first, end=end, loop=loop, times=times)

    def hold_look(
        self, take: str, match: str | None = None, strength: float | None = None, after: bool = False, context: bool | None = None
    ) -> FilmValue:
        """Show a take in the colours of another picture."""
        return self._do("hold_look", take=take, match=match, strength=strength, after=after, context=context)

    def drop_look(self, take: str, after: bool = False) -> FilmValue:
        """Show a take as it was made again."""
        return self._do("drop_look", take=take, after=after)

    def next_pair(self, place: int | None = None, branch: str | None = None, other: str | None = None) -> Pair:
        """Two takes to vote on."""
        return self._ask("next_pair", place=place, branch=branch, other=other)

    def vote(self, left: str, right: str, result: str) -> FilmValue:
        """Say which of two takes is better: left, right or alike."""
        return self._do("vote", left=left, right=right, result=result)

    def drop_vote(self) -> FilmValue:
        """Take back the last vote."""
        return self._do("drop_vote")

    def ratings(self, place: int | None = None, branch: str | None = None, other: str | None = None) -> list[Rating]:
        """What the votes say of takes, or of two branches."""
        return self._ask("ratings", place=place, branch=branch, other=other)

    # Presets, copies

    def presets(self) -> list[Preset]:
        """Presets to choose from."""
        return self._ask("presets")

    def apply_preset(self, preset: str) -> FilmValue:
        """Set the film to a preset."""
        return self._do("apply_preset", preset=preset)

    def save_preset(
        self, title: str, steps: int, guidance: float | None = None, cache: float = 0.0, rule: str = "first-block"
    ) -> FilmValue:
        """Save settings as a preset of your own, and set the film to it."""
        return self._do("save_preset", title=title, steps=steps, guidance=guidance, cache=cache, rule=rule)

    def remove_preset(self, preset: str) -> FilmValue:
        """Remove a preset of your own."""
        return self._do("remove_preset", preset=preset)

    def duplicate_film(self) -> Film:
        """Copy the film with all its takes; returns the copy."""
        return Film(self._client, self._ask("duplicate_film"))
