"""What the end-to-end tests stand on: a private PostgreSQL, a pooler and a raw protocol client."""
