"""Rules of what the client bundle holds: pages, widgets, styles, nanoflows, JavaScript."""
