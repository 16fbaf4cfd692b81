"""A service small enough to read at a glance, on which the log's rules are tested: counters that only grow."""
