"""The index beside other engines: the same events, the same questions, the same numbers."""
