"""One stored unit to rows: its keys, names and values, and what of it is sealed."""
