"""Metabase: dashboards as definitions, and the server made to match them."""
