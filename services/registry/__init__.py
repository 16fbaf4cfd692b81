"""Registry: accounts, services, entities with their factors, access tokens, and every secret of theirs."""
