"""Makes the values of `studio.api.memory_values` from a session, with the sentences of the page's own views."""

from __future__ import annotations

from studio.api.film_values import file_value, progress_value
from studio.api.memory_values import (
    MemoryTest,
    MemoryTestProgress,
    MemoryTestResult,
    MemoryUse,
    MemoryUseProgress,
    Moment,
    MomentProgress,
    SegmentUse,
)
from studio.api.values import Progress
from studio.language import join, plain
from studio.session import Session
from studio.session.memory_comparison import MemoryTestResult as Found
from studio.session.memory_test import MemoryTestOffer
from studio.session.memory_use import MemoryUseOffer
from studio.session.side_jobs import SideJobView
from studio.session.use_figures import SegmentUse as Use
from studio.ui.memory_test_views import result_view
from studio.ui.memory_use_views import memory_use_offer_view, memory_use_view
from studio.ui.moment_views import moment_view


def memory_test_value(offer: MemoryTestOffer) -> MemoryTest:
    """What a memory test would be."""
    return {"take": offer.take, "problem": offer.problem, "prompt": offer.prompt, "branch": offer.branch, "seconds": offer.seconds,
            "result": _result(offer.result)}


def memory_test_progress(session: Session) -> MemoryTestProgress:
    """How far the film's memory test is, or how the last one ended."""
    view = session.memory_tests.view
    return {**side_job_progress(session, view), "result": _result(view.result) if view and view.state == "done" else None}


def memory_use_value(offer: MemoryUseOffer) -> MemoryUse:
    """What the question would be, or its answer."""
    view = memory_use_offer_view(offer)
    return {"take": offer.take, "problem": offer.problem, "way": view["way"], "seconds": offer.seconds, "known": offer.known,
            "segments": [_use(each) for each in offer.segments], "sentence": view["sentence"]}


def memory_use_progress(session: Session) -> MemoryUseProgress:
    """How far the question is, or how the last one ended."""
    use = session.memory_uses.view
    words = memory_use_view(use) or {"sentence": ""}
    return {**side_job_progress(session, use), "segments": [_use(each) for each in use.segments] if use else [],
            "sentence": words["sentence"]}


def moment_progress(session: Session) -> MomentProgress:
    """How far the question is what is remembered of a moment, or how the last one ended."""
    view = session.moments.view
    drawn = (moment_view(view) or {}).get("result")
    found: Moment | None = None
    if view and view.result and drawn and view.state == "done":
        result = view.result
        found = {"at": view.at, "frame": file_value(result.shown), "remembered": file_value(result.remembered),
                 "decibels": result.decibels, "known": result.known, "sentence": drawn["sentence"]}
    return {**side_job_progress(session, view), "result": found}


def side_job_progress(session: Session, view: SideJobView | None) -> Progress:
    """How far something is that is made behind the page, in the words of jobs."""
    idle = progress_value(None)
    if view is None:
        return idle
    return {
        **idle, "state": view.state, "doing": plain(view.doing) if view.active else "", "take": view.take,
        "index": max(0, len(session.project.lineage(view.take)) - 1) if view.take in session.project.takes else 0,
        "section": view.number - 1, "sections": view.count, "step": view.step, "steps": view.steps,
        "finished": int(view.state == "done"), "planned": 1, "message": join(view.message, view.remedy),
    }  # fmt: skip


def _result(found: Found | None) -> MemoryTestResult | None:
    drawn = result_view(found)
    if found is None or drawn is None:
        return None
    names = {clip["psi"]: clip["name"] for clip in drawn["clips"]}
    return {
        "sentence": drawn["sentence"], "basis": found.basis, "share": found.share, "branch": found.branch,
        "clip": file_value(found.clip("own")),
        "comparisons": [
            {"memory": each.psi, "name": names[each.psi], "clip": file_value(found.clip(each.psi)),
             "difference": file_value(found.difference(each.psi)), "whole": each.whole, "part": each.part}
            for each in found.comparisons],
    }  # fmt: skip


def _use(use: Use) -> SegmentUse:
    return {"index": use.number - 1, "take": use.take, "prompt": use.prompt, "problem": use.problem, "known": use.known,
            "read": use.read, "change": use.change, "decibels": use.decibels}
