"""The steps by which the database came to its present shape; a step that has shipped is never changed."""
