"""Weights of others: where they come from, what was fetched, what is here already. It does not load them."""

import os

# The hub's library asks the hub for a list of programs that may have started it, keeps what it got for a day, and fails on
# anything else than that list, such as the page of a portal. Without telemetry it does not ask.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
