"""What happened: the journal, append-only and chained by hash."""
