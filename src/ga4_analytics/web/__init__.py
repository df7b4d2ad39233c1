"""The web page and its API: they ask and show, and compute nothing."""
