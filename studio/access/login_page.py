"""The page that asks for the password: one file without scripts, in the studio's colours, light or dark as the browser prefers."""

from __future__ import annotations

import html
import re
from pathlib import Path
from string import Template

from studio.language import ENGLISH, LANGUAGES, sentence, translate

HERE = Path(__file__).parent
TOKENS = HERE.parent / "ui" / "static" / "tokens.css"
ICON = HERE.parents[1] / "assets" / "icon.svg"
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
HEADERS = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "same-origin",
           "X-Content-Type-Options": "nosniff"}


def preferred_language(accepted: str) -> str:
    """The language that a browser prefers, of those that there are. `accepted`: its header Accept-Language."""
    wanted = []
    for part in accepted[:500].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            wanted.append((-float(quality or 1), tag.split("-")[0].lower()))
        except ValueError:
            continue
    return next((tag for _, tag in sorted(wanted, key=lambda one: one[0]) if tag in LANGUAGES), ENGLISH)


def login_page(language: str, problem: str = "", name: str | None = None, query: str = "") -> str:
    """The page as HTML.

    Args:
        language: of its sentences.
        problem: why the last try was refused, in English; "": there was none.
        name: what was written for the user's name; None: there is one user, and no name is asked for.
        query: the query of the address that the browser wanted, to go there afterwards.
    """
    light, dark = re.findall(r"\.mp \{(.*?)\}", TOKENS.read_text("utf-8"), re.DOTALL)

    def said(text: str) -> str:
        """A sentence in the visitor's language, for HTML."""
        return html.escape(translate(text, language))

    field = "" if name is None else (
        f'<label>{said(sentence("Name"))}<input name="username" value="{html.escape(name[:64])}" autocomplete="username" '
        f'autocapitalize="none" spellcheck="false" required{"" if name else " autofocus"}></label>')
    action = html.escape(f"login?{query}" if query else "login")
    return Template((HERE / "login.html").read_text("utf-8")).substitute(
        language=language, light=light, dark=dark, icon=ICON.read_text("utf-8"), name_field=field,
        title=said(sentence("Log in")), password=said(sentence("Password")), action=action,
        focus="" if field and not name else "autofocus", problem=f'<p role="alert">{said(problem)}</p>' if problem else "",
    )  # fmt: skip
