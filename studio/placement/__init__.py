"""Placement: decides where the parts of a large model are kept and computed, so that the model fits the machine."""
