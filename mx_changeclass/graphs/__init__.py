"""From one snapshot: what refers to what, who is reached, what lives on devices."""
