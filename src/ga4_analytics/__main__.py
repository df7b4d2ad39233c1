"""``python -m ga4_analytics`` is ``ga4``."""

from ga4_analytics.cli import main

if __name__ == "__main__":
    main()
