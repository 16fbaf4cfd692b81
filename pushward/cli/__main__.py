"""`python -m pushward.cli` is `pushward`."""

from pushward.cli import main

if __name__ == "__main__":
    main()
