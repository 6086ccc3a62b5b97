"""What the tests' own processes promise: Ctrl-C ends them, and they end with their test."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.processes import started

WAITS = [sys.executable, "-S", "-c", "import sys, time; print('here', flush=True); time.sleep(60)"]


@pytest.mark.skipif(sys.platform == "win32", reason="presses Ctrl-C as Unix does")
def test_a_process_hears_ctrl_c_where_the_tests_ignore_it() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with started(WAITS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            assert process.stdout and process.stdout.readline().strip() == b"here"
            process.send_signal(signal.SIGINT)
            assert process.wait(20) in (130, -signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_process_ends_with_a_test_that_fails() -> None:
    with pytest.raises(AssertionError, match="it failed"), started(WAITS, stdout=subprocess.DEVNULL) as process:
        raise AssertionError("it failed")
    assert process.returncode
