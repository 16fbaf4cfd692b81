"""The interface as an OpenAPI 3.1 document, and as pages for people; made once a process, from what parses and renders.

schemas.py    msgspec models as JSON Schema
refusals.py   which codes an operation refuses with
document.py   operations as paths, with what is beside them
beside.py     the paths that are no operations: streams, health, the document itself
page.py       the document as one HTML page
errors.py     the dictionary's pages behind `more_info`
endpoints.py  serves all of it, to anybody
"""
