"""Rules of what stays on the server: microflows, Java, services, constants."""
