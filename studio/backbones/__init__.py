"""Families of models: one folder for each, which exports one `Family` value; `registry` lists them."""
