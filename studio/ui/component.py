"""Makes a gr.HTML whose markup is drawn by static/*.js in the browser. It knows files, not what they draw.

A factory, not a subclass: subclassing gr.HTML writes a .pyi beside the source at import. User text never goes through
the HTML template (it would be run as code there): the template is one empty element, and the scripts use textContent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

STATIC = Path(__file__).parent / "static"


def component(
    name: str, scripts: Sequence[str], styles: Sequence[str] = (), ask: Callable[[Any], Any] | None = None, **texts: str
) -> gr.HTML:
    """A component whose script is `scripts` one after the other, in one scope; each file defines one thing of its name.

    The styles travel with it as the constant STYLE, so the first thing drawn is already styled; so do `texts`.
    """
    style = "".join((STATIC / f"{file}.css").read_text("utf-8") for file in styles)
    source = "\n".join((STATIC / f"{file}.js").read_text("utf-8") for file in scripts)
    constants = "\n".join(f"const {key} = {json.dumps(text)};" for key, text in {"STYLE": style, **texts}.items())
    return gr.HTML(
        None,
        html_template=f'<div class="mp-{name}"></div>',
        js_on_load=f"{constants}\n{source}\n//# sourceURL=memorypack-{name}.js",
        apply_default_css=False,
        server_functions=[ask] if ask else None,
        elem_id=f"mp-{name}",
    )
