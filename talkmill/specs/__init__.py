"""The specs."""
