"""PostgreSQL: connections with every timeout named, roles, migrations."""
