"""A redraw of what is shown already changes nothing in the page, and one frame more of a film that plays nearly nothing."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from studio.project import edits
from tests.e2e.conftest import Visit
from tests.shelves import render_all

pytestmark = pytest.mark.slow

REMEMBER = "() => document.addEventListener('mp:live', (event) => { window.live = event.detail; })"
REDRAW = """async () => {
    const changed = [], name = (node) => (node.nodeType === 1 ? `${node.tagName}.${node.className}` : node.nodeName);
    const seen = (records) => records.forEach((r) => changed.push([r.type, r.attributeName, name(r.target)].join(' ')));
    const frames = async () => { for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame); };
    document.querySelectorAll('video').forEach((video) => video.pause());
    await frames();
    const watch = new MutationObserver(seen);
    watch.observe(document.querySelector('.mp'), { subtree: true, childList: true, attributes: true, characterData: true });
    document.dispatchEvent(new CustomEvent('mp:live', { detail: window.live }));
    await frames();
    watch.disconnect();
    return changed;
}"""


def test_a_redraw_of_the_same_changes_nothing(desk: Visit) -> None:
    """Whatever is written to the page again is laid out and painted again, at each message and each step of a job."""
    session = render_all(desk.stand.film("the sea", "the hills", "the town"))
    page = desk.open(session)
    page.evaluate(REMEMBER)
    session.edit(edits.add_segment, prompt="the night")
    expect(page.locator(".card")).to_have_count(4)
    page.wait_for_function("window.live")
    changed = page.evaluate(REDRAW)
    for _ in range(10):                                         # the answer to a question may have been drawn just then
        changed = changed and page.evaluate(REDRAW)
    assert changed == []


PLAY = """async (frames) => {
    const video = document.querySelector('video'), frame = () => new Promise(requestAnimationFrame);
    video.pause();
    for (const at of frames) {
        video.currentTime = at;
        await new Promise((ready) => { video.onseeked = ready; });
        for (let i = 0; i < 3; i++) await frame();
    }
}"""


def test_a_frame_that_plays_lays_out_its_own_numbers_alone(desk: Visit) -> None:
    """Numbers and slider change with every frame. A new text node, or one that is not contained, had all of the page laid out."""
    page = desk.open(render_all(desk.stand.film("the sea", "the hills")))
    page.wait_for_function("document.querySelector('video').readyState > 2")
    page.evaluate(PLAY, [0])
    page.wait_for_timeout(500)                                  # what opening and pausing does is over
    session, events, done = page.context.new_cdp_session(page), list[dict[str, Any]](), list[Any]()
    session.on("Tracing.dataCollected", lambda message: events.extend(message["value"]))
    session.on("Tracing.tracingComplete", lambda message: done.append(message))
    session.send("Tracing.start", {"categories": "devtools.timeline", "transferMode": "ReportEvents"})
    page.evaluate(PLAY, [0.1, 0.2, 0.3])
    session.send("Tracing.end")
    while not done:
        page.wait_for_timeout(20)
    session.detach()
    facts = [(each["name"], each["args"]) for each in events if "args" in each]
    laid_out = [args["beginData"]["totalObjects"] for name, args in facts if name == "Layout" and "beginData" in args]
    styled = [args["elementCount"] for name, args in facts if name == "UpdateLayoutTree" and "elementCount" in args]
    assert len(laid_out) >= 3 and max(laid_out) < 50, laid_out
    assert max(styled) < 50, styled
