"""Google's default channel groups, restated from the help page (support 9756891).

The rules are tried from the top; the first that fits names the group. The lists of sites
hold only the few that the tests use.
"""

from __future__ import annotations

import re
from datetime import date

from oracle import Place

PAID = re.compile(r"^(.*cp.*|ppc|retargeting|paid.*)$")
SHOP_CAMPAIGN = re.compile(r"^(.*(([^a-df-z]|^)shop|shopping).*)$")
EMAIL = re.compile(r"email|e-mail|e_mail|e mail")
SEARCH = {"google", "bing", "duckduckgo", "yahoo", "baidu"}
SOCIAL = {"facebook", "facebook.com", "instagram.com", "reddit.com", "t.co", "linkedin.com"}
VIDEO = {"youtube.com", "vimeo.com", "dailymotion.com"}
SHOPPING = {"amazon.com", "ebay.com", "etsy.com"}
SOCIAL_MEDIUMS = {
    "social", "social-network", "social-media", "sm", "social network", "social media",
}  # fmt: skip
AI_ASSISTANT_SINCE = date(2026, 5, 13)


def channel_group(place: Place, day: date) -> str:
    """The default channel group of a source, medium and campaign on a day.

    >>> channel_group(("google", "cpc", None), date(2020, 11, 1))
    'Paid Search'
    >>> channel_group((None, None, None), date(2020, 11, 1))
    'Direct'
    """
    source, medium, campaign = (part.lower() if part else "" for part in place)
    paid = bool(PAID.match(medium))
    shopping = source in SHOPPING or bool(SHOP_CAMPAIGN.match(campaign))
    rules = (
        ("Direct", (source == "(direct)" and medium in ("(none)", "")) or not any(place)),
        ("Cross-network", "cross-network" in campaign),
        ("Paid Shopping", shopping and paid),
        ("Paid Search", source in SEARCH and paid),
        ("Paid Social", source in SOCIAL and paid),
        ("Paid Video", source in VIDEO and paid),
        ("Display", medium in ("display", "banner", "expandable", "interstitial", "cpm")),
        ("Paid Other", paid),
        ("Organic Shopping", shopping),
        ("Organic Social", source in SOCIAL or medium in SOCIAL_MEDIUMS),
        ("Organic Video", source in VIDEO or "video" in medium),
        ("Organic Search", source in SEARCH or medium == "organic"),
        ("AI Assistant", medium == "ai-assistant" and day >= AI_ASSISTANT_SINCE),
        ("Referral", medium in ("referral", "app", "link")),
        ("Email", bool(EMAIL.search(source) or EMAIL.search(medium))),
        ("Affiliates", medium == "affiliate"),
        ("Audio", medium == "audio"),
        ("SMS", "sms" in (source, medium)),
        ("Mobile Push Notifications", medium.endswith("push") or "mobile" in medium
            or "notification" in medium or source == "firebase"),
        ("Unassigned", True),
    )  # fmt: skip
    return next(name for name, fits in rules if fits)
