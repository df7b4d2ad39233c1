"""A sample of GA4 events of any size that knows the truth about itself."""
