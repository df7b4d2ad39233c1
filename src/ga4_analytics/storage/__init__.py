"""Whole files or none, one writer at a time, and checksums."""
