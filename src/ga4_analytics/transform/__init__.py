"""Build schema ``analytics`` from schema ``raw`` with dbt, in this process."""

from ga4_analytics.transform.run import BuildResult, build_models

__all__ = ["BuildResult", "build_models"]
