"""The kernel: all that every service may import, and nothing of any one service."""
