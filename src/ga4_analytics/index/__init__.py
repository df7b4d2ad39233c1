"""The event index: a compact copy of the events, ordered by user and then time."""
