"""The database: PostgreSQL, embedded or named, with roles, row-level security and history."""
