"""Placement: where the parts of a large model lie, so that it fits the machine it runs on. It does not know jobs or takes."""
