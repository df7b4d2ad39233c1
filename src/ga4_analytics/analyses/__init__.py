"""From a question to its answer: numbers, denominators, intervals, definition, finality."""
