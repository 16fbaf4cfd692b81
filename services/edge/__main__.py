"""`python -m services.edge` is `pushward serve edge`."""

from pushward.cli import main

if __name__ == "__main__":
    main(["serve", "edge"])
