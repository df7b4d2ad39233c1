"""A sample of GA4 events of any size that knows the truth about itself.

`generate` makes it in memory, `write_shape` writes it in one of the shapes an export comes in,
`write_truth` writes what is true of it; `write_sample` generates and writes in one step.
"""

from ga4_analytics.sources.synthetic.generate import generate
from ga4_analytics.sources.synthetic.sample import Sample
from ga4_analytics.sources.synthetic.spec import (
    PLANTS,
    SHAPES,
    SampleSpec,
    Shape,
    parse_plants,
)
from ga4_analytics.sources.synthetic.truth import Truth, tell_truth, write_truth
from ga4_analytics.sources.synthetic.write import write_sample, write_shape

__all__ = [
    "PLANTS",
    "SHAPES",
    "Sample",
    "SampleSpec",
    "Shape",
    "Truth",
    "generate",
    "parse_plants",
    "tell_truth",
    "write_sample",
    "write_shape",
    "write_truth",
]
