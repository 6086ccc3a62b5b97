"""Serves an agent over standard input and output, on a fake engine: python -m tests.mcp.fake_server HOME [basic]"""

from __future__ import annotations

import sys
from pathlib import Path

from studio.mcp.stdio import output_alone, serve
from studio.session import Studio
from tests.fake_engine import FakeEngine, card

if __name__ == "__main__":
    with output_alone() as out:
        print("this must not reach the agent")  # noqa: T201 - what a library might print
        serve(Studio(Path(sys.argv[1]), FakeEngine(), (card(),)), out, basic="basic" in sys.argv[2:])
