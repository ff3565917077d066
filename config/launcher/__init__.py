"""Starts and watches the processes of one machine: what runs (`programs`), the supervisor, checks before the start."""
