"""Tables and plots of published results, once for the terminal and the report."""
