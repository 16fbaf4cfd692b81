"""Calls to addresses that tenants choose: https, public addresses only, everything bounded (DESIGN section 6)."""
