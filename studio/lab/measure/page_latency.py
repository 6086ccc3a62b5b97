"""Measures the milliseconds from a click until the page shows its effect, in a real Chromium on the real studio."""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from studio.catalogue.cards import find_models
from studio.engine.engine import Engine
from studio.lab.measure.startup import ROOT, free_port
from studio.session import Session, Studio
from studio.ui.page import build, launch_options

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]
CLICK = """async ([button, shown]) => {
    const begun = performance.now();
    document.querySelector(button).click();
    while (!eval(shown)) await new Promise(requestAnimationFrame);
    return performance.now() - begun;
}"""


def measure(rounds: int = 12) -> dict[str, Any]:
    """Returns the median and the slowest time of rewinding between takes and of branching from one, on a film of three takes.

    Raises:
        RuntimeError: Chromium is not installed, or the film could not be rendered.
    """
    from playwright.sync_api import sync_playwright

    browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser_path is None:
        raise RuntimeError("Chromium is not installed (apt-get install chromium).")
    with tempfile.TemporaryDirectory() as home:
        cards, problems = find_models(ROOT / "models")
        engine = Engine(cards, problems)
        engine.start()
        studio = Studio(Path(home), engine, cards)
        session = _film(studio)
        page_port = free_port()
        blocks = build(studio)
        blocks.launch(server_port=page_port, prevent_thread_lock=True, quiet=True, **launch_options())
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.goto(f"http://127.0.0.1:{page_port}/?project={session.id}")
                page.wait_for_selector(".card:nth-child(3)[aria-current=step]", timeout=60_000)
                rewinds = [
                    page.evaluate(CLICK, [
                        f".card:nth-child({n}) [data-verb=rewind]",
                        f"document.querySelector('.card:nth-child({n})').getAttribute('aria-current') === 'step'",
                    ])
                    for n in (1, 2) * (rounds // 2)
                ]
                branches = [
                    page.evaluate(CLICK, [
                        ".card:nth-child(1) [data-verb=branch]",
                        f"document.querySelectorAll('.branches li').length === {n}",
                    ])
                    for n in range(2, 2 + rounds)
                ]
                browser.close()
        finally:
            blocks.close()
    return {"rewind_ms": _spread(rewinds), "branch_ms": _spread(branches)}


def _film(studio: Studio) -> Session:
    """Returns a session of a sample story with three finished takes."""
    session = studio.from_story(sorted((ROOT / "assets" / "examples").glob("*/story.toml"))[0])
    session.apply_preset("draft")
    for _ in range(3):
        session.jobs.generate_next()
        while session.job and session.job.state in ("queued", "running"):
            time.sleep(0.05)
    if len(session.project.film()) != 3:
        raise RuntimeError(f"the film could not be rendered: {session.job}")
    return session


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "slowest": max(values)}
