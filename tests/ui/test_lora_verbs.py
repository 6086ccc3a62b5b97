"""Verbs of LoRAs: added, set, dropped, and files that are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.session import Studio
from studio.ui.api import PageApi
from tests.fake_engine import FakeEngine
from tests.lora_shelves import lora, model
from tests.shelves import make_film
from tests.ui.conftest import ask, refusal


def test_loras(tmp_path: Path) -> None:
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    api = PageApi(Studio(tmp_path / "projects", FakeEngine(), (model(tmp_path),)), (), uploads)
    session = make_film(api.studio, "one", "two")
    first, second = (segment.id for segment in session.project.current().segments)
    assert ask(api, session, "shelved_loras") == {"loras": [], "most": None}
    assert ask(api, session, "add_lora", segment=first, path=str(lora(uploads)), name="Ink.safetensors") == {"aside": ""}
    (there,) = ask(api, session, "shelved_loras")["loras"]
    assert (there["name"], there["fits"], there["told"]) == ("Ink.safetensors", True, "rank 2, 1 layer")
    ask(api, session, "use_lora", segment=second, lora=there["id"])
    ask(api, session, "weigh_lora", segment=second, lora=there["id"], strength=-7.0, stroke="s1")
    ask(api, session, "drop_lora", segment=first, lora=there["id"])
    assert [[one.strength for one in segment.loras] for segment in session.project.current().segments] == [[], [-2.0]]
    ask(api, session, "spread_lora", segment=second, lora=there["id"])
    assert session.project.current().segments[0].loras[0].strength == -2.0
    outside = lora(tmp_path, "outside.safetensors", seed=4)
    before = session.project

    def refused(verb: str, **fields: Any) -> str:
        return refusal(api, {"verb": verb, "project": session.id, "segment": first, **fields})

    assert "do not understand" in refused("add_lora", path=str(outside), name="x")
    assert "do not understand" in refused("add_lora", path=str(lora(uploads)), name=7)
    assert "do not understand" in refused("use_lora", lora="../../etc/passwd")
    assert "not in the studio" in refused("use_lora", lora="f" * 64)
    assert "do not understand" in refused("weigh_lora", lora=there["id"], strength=float("nan"))
    assert "not on the segment" in refused("drop_lora", lora="f" * 64)
    assert "needs a name" in refused("add_lora", path=str(lora(uploads)), name="\n")
    assert session.project == before
