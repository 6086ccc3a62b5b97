"""The studio for programs: its verbs as typed functions, with a code for every error. Their docstrings are `docs/api.md`.

Version 1. Functions, fields and codes may be added to it; none is removed or changes its meaning.
"""
