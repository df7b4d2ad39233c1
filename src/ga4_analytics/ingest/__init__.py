"""Load files into schema ``raw``."""

from ga4_analytics.ingest.load import load
from ga4_analytics.ingest.told import LoadOptions, LoadResult

__all__ = ["LoadOptions", "LoadResult", "load"]
