"""Makes a gr.HTML component whose content is drawn in the browser by scripts from `static`.

A function, not a subclass: a subclass of gr.HTML writes a .pyi file beside its source at import. User text never goes
through the HTML template, where it would be run as code: the template is one empty element, and the scripts use textContent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

STATIC = Path(__file__).parent / "static"


def component(
    name: str, scripts: Sequence[str], styles: Sequence[str] = (), ask: Callable[[Any], Any] | None = None, **constants: object
) -> gr.HTML:
    """A component of the page.

    Args:
        name: of the component; its element has the id `mp-<name>`.
        scripts: names of files in `static`, which run one after the other in one scope. Each defines one constant of its name.
        styles: names of style sheets in `static`. The scripts get them as the constant STYLE.
        ask: a function that the scripts can call as `server.<its name>`.
        constants: further constants for the scripts.
    """
    style = "".join((STATIC / f"{file}.css").read_text("utf-8") for file in styles)
    source = "\n".join((STATIC / f"{file}.js").read_text("utf-8") for file in scripts)
    definitions = "\n".join(f"const {key} = {json.dumps(value)};" for key, value in {"STYLE": style, **constants}.items())
    return gr.HTML(
        None,
        html_template=f'<div class="mp-{name}"></div>',
        js_on_load=f"{definitions}\n{source}\n//# sourceURL=memorypack-{name}.js",
        apply_default_css=False,
        server_functions=[ask] if ask else None,
        elem_id=f"mp-{name}",
    )
