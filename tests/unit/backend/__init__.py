"""The sample backend's rules, without Pushward."""
