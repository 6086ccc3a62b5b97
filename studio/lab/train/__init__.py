"""Learning: the procedural world and the training loops behind the embedded model. Nothing imports it."""
