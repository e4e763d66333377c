"""What runs and what does it cost? Dispatch of the hours, and redispatch as a remedy."""
