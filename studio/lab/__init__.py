"""The research beside the studio: the procedural world, training, measuring. Nothing of the studio imports it."""
