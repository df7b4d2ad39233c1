"""Self-hosted product analytics for Google Analytics 4 exports."""

__version__ = "0.1.0"
