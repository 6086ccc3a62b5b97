"""The section loop, and the protocols of what it works with: backbone, codec, conditioner."""
