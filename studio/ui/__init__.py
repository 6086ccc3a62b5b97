"""The page: Gradio layout, messages from and to the browser, and components drawn by our own scripts. Imports no torch."""

from studio.ui.gradio_import import skip_stubs

skip_stubs()      # before any module of this room imports Gradio
