"""Talkmill: a declarative content factory for talking characters."""

__version__ = "0.1.0"
