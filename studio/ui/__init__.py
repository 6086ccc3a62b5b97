"""The page: Gradio layout, pure views and hand-made components. It knows a session, never torch."""
