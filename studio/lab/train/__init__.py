"""Training: parts of the embedded model, its long-term memory, and the forcing of loaded models. The studio imports none of it."""
