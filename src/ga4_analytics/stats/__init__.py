"""Statistics: pure functions that import nothing of ours."""
