"""Following a plan on a device: streaming blocks, int8 weights, tables, copies. What needs torch of placement."""
