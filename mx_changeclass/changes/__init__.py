"""From two snapshots: what differs."""
