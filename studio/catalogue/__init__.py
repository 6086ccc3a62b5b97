"""The model folders: cards, checksums, fetching from the hub, headers of LoRA files. Imports no torch."""
