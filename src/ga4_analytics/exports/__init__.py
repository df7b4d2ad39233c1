"""Files for other product analytics tools, streamed from the warehouse."""
