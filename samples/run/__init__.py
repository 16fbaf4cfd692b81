"""`make run`: Pushward and the samples, started together and ended together.

__main__.py   what is started, in which order, and what is said      children.py   processes that don't outlive us
screen.py     where to look                                          errors.py     how it fails

    python -m samples.run           PUSHWARD_HTTP_PORT and BACKEND_PORT choose other ports, 0 any that is free
"""
