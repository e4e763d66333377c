"""What programs may ask, one module a subject."""
