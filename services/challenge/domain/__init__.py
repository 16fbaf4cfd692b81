"""What a challenge is and may become. Pure."""
