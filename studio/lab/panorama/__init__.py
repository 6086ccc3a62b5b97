"""The memory bench: which long-term memories learn to remember, in a world of panoramas small enough to train every one of them.

A camera walks along a random panorama, away and back. A network is trained to film what it sees, section by section, and must take
what was out of view from its memory. `python -m studio.lab measure memory-bench` trains and measures the arms of a plan.
"""
