"""The dashboards."""

from __future__ import annotations

from ga4_analytics.publish.metabase.definitions import Dashboard

DASHBOARDS: tuple[Dashboard, ...] = ()
"""In the order in which they are read."""
