"""LoRA files: what is in one, whether it fits a model, and its weights for the engine. It does not know takes or the page."""

from studio.media import MediaError


class LoraError(MediaError):
    """A LoRA file cannot be used: the message says what it is instead, or what is wrong with it, and what to do."""
