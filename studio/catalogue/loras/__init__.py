"""LoRA files: what one holds, and whether it fits a model. Only headers are read; no torch is imported."""

from studio.media import MediaError


class LoraError(MediaError):
    """A LoRA file cannot be used: the message says what it is instead, or what is wrong with it, and what to do."""
