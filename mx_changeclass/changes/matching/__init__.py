"""Who is who on both sides."""
