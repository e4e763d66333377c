"""When is best? Alternative windows for one request."""
