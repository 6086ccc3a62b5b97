"""What a large model takes of disk and memory in all, its text encoders and autoencoder included. By parameter count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from studio.language import sentence
from studio.placement.plan import Plan, text_encoding_peaks
from studio.placement.profile import Profile
from studio.placement.sizes import ModelSizes, bytes_of


@dataclass(frozen=True)
class DiskTotals:
    """Bytes on the disk, at 16 bits where they are fetched; the hub may hold parts in other precisions."""

    transformer: int
    encoders: int                  # of text and pictures
    autoencoder: int
    prepared: int                  # written beside them, once: int8 weights, and blocks that are streamed from disk

    @property
    def fetched(self) -> int:
        """All that is downloaded."""
        return self.transformer + self.encoders + self.autoencoder


def disk_totals(model: ModelSizes, profile: Profile, streamed: int = 0) -> DiskTotals:
    """What a large model takes of the disk with a profile; `streamed`: bytes of blocks that are streamed from there."""
    parts = [part for part, weights in ((model.transformer.total, profile.weights), (model.text_encoder, profile.text_weights))
             if weights == "int8"]
    return DiskTotals(
        bytes_of(model.transformer.total, "bf16"), bytes_of(model.text_encoder + model.unread + model.small_encoders, "bf16"),
        bytes_of(model.vae, "bf16"), sum(bytes_of(part, "int8") for part in parts) + streamed)


def describe_totals(plan: Plan) -> Iterator[str]:
    """Sentences: how much of the disk the whole model takes, and the memory of either half of the work."""
    disk = disk_totals(plan.model, plan.profile, plan.disk_stream_bytes)
    yield sentence(
        "On the disk, by parameter count: {fetched:.0f} GB fetched ({transformer:.1f} the network, {encoders:.1f} the encoders of "
        "text and pictures, {autoencoder:.1f} the autoencoder), and {prepared:.0f} GB prepared from them, once.",
        fetched=disk.fetched / 1e9, transformer=disk.transformer / 1e9, encoders=disk.encoders / 1e9,
        autoencoder=disk.autoencoder / 1e9, prepared=disk.prepared / 1e9)
    yield sentence(
        "Memory of this computer: {reading:.1f} GB while prompts are read, which is before the network is loaded; {making:.1f} GB "
        "while the film is made.", reading=text_encoding_peaks(plan.model, plan.profile)[1] / 2**30, making=plan.film_ram / 2**30)
