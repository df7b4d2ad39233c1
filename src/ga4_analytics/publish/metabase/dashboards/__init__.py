"""The dashboards that `ga4 metabase` provisions, one module each."""

from __future__ import annotations

from ga4_analytics.publish.metabase.dashboards.acquisition import ACQUISITION
from ga4_analytics.publish.metabase.dashboards.engagement import ENGAGEMENT
from ga4_analytics.publish.metabase.dashboards.quality import QUALITY
from ga4_analytics.publish.metabase.dashboards.retention import RETENTION
from ga4_analytics.publish.metabase.dashboards.revenue import REVENUE

DASHBOARDS = (ENGAGEMENT, RETENTION, ACQUISITION, REVENUE, QUALITY)
"""In the order in which an analyst reads them."""
