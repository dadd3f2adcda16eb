"""The target's database, read and never written: a file of SQLite's, PostgreSQL, MySQL or MariaDB."""
