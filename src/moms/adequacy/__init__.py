"""Is there enough? Maintenance margin by hour, day and zone."""
