"""The service: the desk's use cases for many people at once, over the web."""
