"""The page: Gradio layout, messages from and to the browser, and components drawn by our own scripts. Imports no torch."""
