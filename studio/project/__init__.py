"""The document: what an artist makes. It knows neither torch nor Gradio, nor any other room of the studio."""
