"""Gradio's own colours and fonts, matched to the studio's: they show in the moment before the page is drawn."""

from __future__ import annotations

import gradio as gr

# The bundled fonts of other weights lack most letters.
FONT_WEIGHTS = (400, 700)
SANS: list[gr.themes.Font | str] = [gr.themes.LocalFont("IBM Plex Sans", FONT_WEIGHTS), "system-ui", "sans-serif"]
MONO: list[gr.themes.Font | str] = [gr.themes.LocalFont("IBM Plex Mono", FONT_WEIGHTS), "ui-monospace", "monospace"]


def theme() -> gr.themes.Base:
    """The theme: warm paper colours in light mode, nearly black in dark mode."""
    return gr.themes.Base(
        primary_hue=gr.themes.colors.orange, neutral_hue=gr.themes.colors.stone, font=SANS, font_mono=MONO
    ).set(
        body_background_fill="#f1ece2",
        body_background_fill_dark="#0f0e0d",
        background_fill_primary="#fbf8f2",
        background_fill_primary_dark="#191715",
        block_background_fill="#fbf8f2",
        block_background_fill_dark="#191715",
        body_text_color="#26221c",
        body_text_color_dark="#ece7df",
        body_text_color_subdued="#655d50",
        body_text_color_subdued_dark="#aaa296",
    )
