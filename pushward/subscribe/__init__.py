"""For those who follow Pushward's events from outside: docs/events/subscribing.md has a worked example."""
