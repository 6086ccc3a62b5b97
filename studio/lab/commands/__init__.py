"""The command line of the lab: one module for each group of commands of `python -m studio.lab`."""
