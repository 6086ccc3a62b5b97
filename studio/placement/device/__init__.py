"""The part of placement that needs torch: block streaming, int8 weights, AdaLN tables, stored weights."""
