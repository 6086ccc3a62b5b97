"""The page: Gradio layout, messages from and to the browser, and components drawn by our own scripts. Imports no torch."""

from studio.ui.gradio_import import lighten

lighten()      # before any module of this room imports Gradio
