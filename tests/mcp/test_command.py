"""`app.py mcp`: what it needs, what it refuses, and a film that an agent makes with it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("mcp", reason="the server for agents needs: pip install mcp")

from mcp import ClientSession

from tests.mcp.test_agents import ask, over_stdio


@pytest.mark.parametrize("arguments", [["mcp"], ["--mcp", "--no-browser"]])
def test_without_the_package_it_says_what_to_install(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import app

    monkeypatch.setattr(app, "has_mcp", lambda: False)
    assert app.main(arguments) == 1
    assert 'pip install "memorypack-studio[mcp]"' in capsys.readouterr().err


def test_a_farm_that_cannot_be_followed_is_said_before_an_agent_is_served(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import app

    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "projects"))
    monkeypatch.setenv("STUDIO_FARM", "two")
    assert app.main(["mcp", "--tools", "basic"]) == 1
    assert "Write local:2 for two workers on this machine" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_command_on_the_embedded_model(tmp_path: Path) -> None:
    async def play(session: ClientSession) -> None:
        film = (await ask(session, "create", width=320, height=192, preset="draft"))["id"]
        await ask(session, "use_sample", film=film, sample="hills")
        await ask(session, "add_segment", film=film, prompt="night falls", seconds=0.1)
        assert (await ask(session, "generate", film=film, wait_seconds=300))["job"]["state"] == "done"
        assert (await session.call_tool("look", {"film": film})).content[0].type == "image"

    over_stdio(["app.py", "mcp"], play, STUDIO_HOME=str(tmp_path / "projects"))
