"""Tests without any component but ours."""
