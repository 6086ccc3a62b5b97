"""The door of a studio on a network: users, sessions, limits, and a page for each user."""
