"""The shapes in which one sample can be written; all tell the same events."""
