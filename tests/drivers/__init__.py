"""The drivers that users have, each a program in its own language, through the pooler."""
