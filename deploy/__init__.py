"""How Pushward is run: charts, images, dashboards, and the embedded PostgreSQL of development and tests."""
