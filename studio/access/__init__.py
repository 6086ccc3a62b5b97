"""The door of a studio on a network: users, sessions, limits, and a page for each user."""

import studio.ui as studio_ui  # noqa: F401 - before any module of this room imports Gradio, which it lightens
