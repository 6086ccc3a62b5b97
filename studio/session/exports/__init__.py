"""Exports of a film for other programs: timelines and clips for editors, lists, boards and masters."""
