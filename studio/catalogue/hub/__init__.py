"""Weights of others: where they come from, what was fetched, what is here already. It does not load them."""
