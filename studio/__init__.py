"""MemoryPack Studio: long, consistent AI video, segment by segment, with a tree of takes over saved generator memory."""

import os

from studio.import_changes import lighten_diffusers

# OpenMP's threads spin while they wait for each other. On a machine that does anything else, that takes the cores away from
# whoever has work, the other half of this very section included. Threads that sleep at once are kind to neighbours but slow when
# alone, because waking takes longer than most of a section's operations. So they spin for some times as long as waking takes, and
# then sleep; and a section that is not alone takes fewer threads (`engine/processor_share.py`; measured by `python -m studio.lab
# measure neighbour`). OpenMP reads this when torch is loaded, so it is set before; a user's own settings are respected.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")

# MKL multiplies in another order of sums where the operands happen to lie otherwise in memory, which differs from one rendering
# of a take to the next; and in another order on more threads. With this it does neither: the same take again is the same bit for
# bit, also while other programs leave it fewer processor cores (`engine/processor_share.py`).
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")

lighten_diffusers()      # before any module of the studio imports Diffusers
