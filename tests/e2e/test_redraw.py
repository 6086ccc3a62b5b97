"""A redraw of what is shown already changes nothing in the page."""

from __future__ import annotations

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
    assert page.evaluate(REDRAW) == []
