"""The functions that are about the LoRAs on a film's segments."""

from __future__ import annotations

from studio.api.calls import Calls, upload_path
from studio.api.studio_values import LoraFile
from studio.api.values import Film, Upload


class LoraCalls(Calls):
    """Functions on LoRAs."""

    def loras(self, film: str) -> list[LoraFile]:
        """List the LoRAs to choose from, those that fit the film's model first; on a shared studio those that the film has used.

        Returns:
            The LoRAs.
        """
        with self._answering(film) as session:
            found = session.shelved_loras(own=self.page.public)
            return [{"id": entry.sha256, "name": entry.name, "bytes": entry.size, "fits": entry.fits, "text": entry.description}
                    for entry in found]

    def add_lora(
        self, film: str, segment: str, file: Upload, name: str = "", strength: float | None = None
    ) -> Film:
        """Put a LoRA on a segment from a file, which the studio keeps. A take of the segment becomes stale.

        Args:
            segment: the segment's id.
            file: the uploaded file, a .safetensors for the film's model.
            name: what to call it; empty: the file's name.
            strength: how much of it acts, from -2 to 2; null: 1, or as it is there already.
        """
        return self._change(film, "add_lora", segment=segment, path=upload_path(file), name=name, strength=strength)

    def use_lora(self, film: str, segment: str, lora: str, strength: float | None = None) -> Film:
        """Put a LoRA of the studio on a segment, or give one that is there another strength. A take of the segment becomes stale.

        Args:
            segment: the segment's id.
            lora: the LoRA's id; see loras.
            strength: how much of it acts, from -2 to 2; null: 1, or as it is there already.
        """
        return self._change(film, "use_lora", segment=segment, lora=lora, strength=strength)

    def spread_lora(self, film: str, segment: str, lora: str) -> Film:
        """Put a LoRA of a segment on all others of the branch that are not rendered, as strong as it is there.

        Args:
            segment: the segment's id.
            lora: the LoRA's id.
        """
        return self._change(film, "spread_lora", segment=segment, lora=lora)

    def remove_lora(self, film: str, segment: str, lora: str) -> Film:
        """Take a LoRA off a segment. A take of the segment becomes stale; the studio keeps the file.

        Args:
            segment: the segment's id.
            lora: the LoRA's id.
        """
        return self._change(film, "drop_lora", segment=segment, lora=lora)
