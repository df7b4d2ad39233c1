"""Read whatever shape a GA4 export comes in and give canonical events."""
