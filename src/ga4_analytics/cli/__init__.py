"""The command ``ga4``: parses and prints, nothing else."""

from ga4_analytics.cli.main import main

__all__ = ["main"]
