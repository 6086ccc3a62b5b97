"""The machine: one worker thread that renders takes, the events it sends, and the folder of a take."""
