"""What commands share: how they end, what they write, and the options that several take."""
