"""Calls between services: one set of stubs, two channels with the same semantics, one way to tell errors.

What others import: ``server.serve``, ``inprocess.InProcessServer``, ``channel.open_channel`` and ``open_inprocess``,
``context``.

**A received message is never mutated, by either side.** In one process the servicer gets the very object that the
caller holds, and the caller gets the very object that the servicer returned. Who wants to change one copies it first.
"""
