"""The marts against the index: two ways from the staged events on, one answer."""

from ga4_analytics.verify.run import Verification, verify

__all__ = ["Verification", "verify"]
