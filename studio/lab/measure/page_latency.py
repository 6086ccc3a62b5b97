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
from studio.lab.measure.visitor import visitors
from studio.project import edits
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

CROWD_ROUNDS = 15
"""Pairs of clicks on the page while others click."""


def measure(rounds: int = 12, sessions: int = 0) -> dict[str, Any]:
    """Returns how long a click takes until the page shows what it does, in milliseconds.

    Rewinding between takes and branching from one, on one film of three takes; and, with `sessions`, rewinding while so many
    sessions click and one film more is rendered.

    Args:
        rounds: clicks of each kind.
        sessions: that click at once; 0: that is not measured.

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
        session = sample_film(studio)
        page_port = free_port()
        blocks = build(studio)
        blocks.launch(server_port=page_port, prevent_thread_lock=True, quiet=True, **launch_options())
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
                page = _open(browser, page_port, session)
                found = {"rewind_ms": _spread(_rewinds(page, rounds))}
                branches = [
                    page.evaluate(CLICK, [
                        ".card:nth-child(1) [data-verb=branch]",
                        f"document.querySelectorAll('.branches li').length === {n}",
                    ])
                    for n in range(2, 2 + rounds)
                ]
                found["branch_ms"] = _spread(branches)
                page.close()
                if sessions:
                    found["crowd_ms"] = _spread(_crowd(browser, page_port, studio, session, sessions))
                browser.close()
        finally:
            blocks.close()
    return found


def _open(browser: Any, port: int, session: Session) -> Any:
    """A page that shows a film whose head is its third take."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"http://127.0.0.1:{port}/?project={session.id}")
    page.wait_for_selector(".card:nth-child(3)[aria-current=step]", timeout=60_000)
    return page


def _rewinds(page: Any, rounds: int) -> list[float]:
    """Milliseconds of rewinding to the first and the second take in turn."""
    return [
        page.evaluate(CLICK, [
            f".card:nth-child({n}) [data-verb=rewind]",
            f"document.querySelector('.card:nth-child({n})').getAttribute('aria-current') === 'step'",
        ])
        for n in (1, 2) * (rounds // 2)
    ]


def _crowd(browser: Any, port: int, studio: Studio, session: Session, count: int) -> list[float]:
    """Milliseconds of rewinding on a page while `count` - 1 others rewind on films of theirs, and one more film is rendered.

    The others are clients without a screen, as on other machines, in a process of their own: each follows its film and rewinds once
    a second.
    """
    session.edit(edits.switch, session.project.branches[0].id)
    archive = session.films.export_project()
    films = [studio.unpack(archive) for _ in range(count)]
    for film in films:
        film.edit(edits.switch, film.project.branches[0].id)
    for number in range(20):
        session.edit(edits.add_segment, prompt="the camera pans left", seed=number)
    page = _open(browser, port, films[0])
    with visitors(port, [(film.id, [take.id for take in film.project.path()][:2]) for film in films[1:]]):
        session.jobs.generate_all()
        while not (session.job and session.job.step):
            time.sleep(0.05)
        times = []
        for _ in range(CROWD_ROUNDS):
            times += _rewinds(page, 2)
            time.sleep(0.3)
        if session.job.state != "running":
            raise RuntimeError("The film was done before the page was clicked often enough.")
        session.jobs.cancel()
    while session.job.state == "running":                    # it writes into the folder that is removed
        time.sleep(0.05)
    return times


def sample_film(studio: Studio) -> Session:
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
    return {"median": statistics.median(values), "p95": statistics.quantiles(values, n=20)[-1], "slowest": max(values)}
