"""When is best? Alternative windows for one request."""

from moms.schedule.candidates import Candidate, candidates, owner_allows, patterns, pick, shifts, shorter

__all__ = ["Candidate", "candidates", "owner_allows", "patterns", "pick", "shifts", "shorter"]
