"""Writes docs/api: what the HTTP interface is, generated so that it can't say otherwise than the code.

errors.py        errors.md, from the dictionary in pushward/error_codes.py
claims.py        what the markers of the tests claim
conformance.py   conformance.md, from them

openapi.json is the document that the edge serves. scripts/api-docs runs it, scripts/check-api-docs compares.
"""
