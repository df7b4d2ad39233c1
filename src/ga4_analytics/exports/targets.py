"""All formats by name."""

from __future__ import annotations

from ga4_analytics.exports import amplitude, heap, mixpanel, posthog, segment
from ga4_analytics.exports.target import Target

TARGETS: dict[str, Target] = {
    module.TARGET.name: module.TARGET for module in (amplitude, heap, mixpanel, posthog, segment)
}
