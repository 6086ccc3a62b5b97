"""The studio without a page: rendering a story, the models, the doctor."""
