"""Tests of registry on real components."""
