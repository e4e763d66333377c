"""Yes, no, or a person? From findings and studies to an outcome with its reasons."""
