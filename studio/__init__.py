"""MemoryPack Studio: long, consistent AI video, segment by segment, with a tree of takes over saved generator memory."""

import os

# OpenMP's threads spin while they wait for each other. On a machine that does anything else, that takes the cores away from
# whoever has work, the other half of this very section included: beside one busy process a section took 2.6 times as long, with
# threads that sleep 1.6 times. OpenMP reads this when torch is loaded, so it is set before; a user's own setting is respected.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
