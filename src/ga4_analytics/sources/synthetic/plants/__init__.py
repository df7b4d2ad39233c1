"""What can be put into a sample on purpose; each plant can tell the truth about itself.

Each draws from streams of its own and adds to what the sample was before any planting, so that
one plant does not shift another. What removes, moves or delivers again comes after all that
adds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ga4_analytics.sources.synthetic.plants.churn import plant_churn
from ga4_analytics.sources.synthetic.plants.consentless import plant_consentless
from ga4_analytics.sources.synthetic.plants.crossings import plant_dst, plant_midnight
from ga4_analytics.sources.synthetic.plants.duplicates import plant_duplicates
from ga4_analytics.sources.synthetic.plants.experiment import plant_experiment
from ga4_analytics.sources.synthetic.plants.grafts import with_events
from ga4_analytics.sources.synthetic.plants.intraday import plant_intraday
from ga4_analytics.sources.synthetic.plants.late import plant_late
from ga4_analytics.sources.synthetic.plants.orders import plant_orders
from ga4_analytics.sources.synthetic.plants.outage import plant_outage
from ga4_analytics.sources.synthetic.plants.ties import plant_ties
from ga4_analytics.sources.synthetic.sample import Events, Plant, Sample
from ga4_analytics.sources.synthetic.spec import PLANTS

_ADDING: dict[str, Callable[[Sample, Sample], tuple[Sample, Events, Plant]]] = {
    "experiment": plant_experiment,
    "churn": plant_churn,
    "duplicates": plant_duplicates,
    "consentless": plant_consentless,
    "orders": plant_orders,
    "midnight": plant_midnight,
    "dst": plant_dst,
}
_CHANGING: dict[str, Callable[[Sample], tuple[Sample, Plant]]] = {
    "outage": plant_outage,
    "ties": plant_ties,
    "late": plant_late,
    "intraday": plant_intraday,
}


def plant(sample: Sample) -> Sample:
    """Put into a sample what its spec asks for.

    Args:
        sample: The sample as it is without.

    Returns:
        The sample with it. What was there stays as it was, but for what an outage loses and
        for the times of planted ties.
    """
    asked = [name for name in PLANTS if name in sample.spec.plants]
    grown, added, plants = sample, [], []
    for name in asked:
        if name in _ADDING:
            grown, events, told = _ADDING[name](sample, grown)
            added.append(events)
            plants.append(told)
    grown = with_events(grown, added)
    grown = replace(grown, happened=grown.events)
    for name in asked:
        if name in _CHANGING:
            grown, told = _CHANGING[name](grown)
            plants.append(told)
    return replace(grown, plants=tuple(plants))
