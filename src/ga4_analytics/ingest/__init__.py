"""Load files into schema ``raw``."""

from ga4_analytics.ingest.load import LoadOptions, LoadResult, load

__all__ = ["LoadOptions", "LoadResult", "load"]
