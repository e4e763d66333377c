"""Files in and out: grids, requests, rule books, schemas."""
