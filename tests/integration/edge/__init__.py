"""The edge over real channels and a real HTTP server; the services behind it are scripted."""
