"""Measuring: benchmarks and tests of memory. Nothing imports it."""
