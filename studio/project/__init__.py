"""The document: a project with its segments, takes and branches, how it is edited, and how it is kept on disk."""
