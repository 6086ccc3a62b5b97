"""A farm: takes are rendered by workers in other processes, here or on other machines. It is imported only when asked for."""
