"""The vendor's own Python library against our base URL: existing code moves over by one line (contract section 8)."""
