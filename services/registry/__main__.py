"""`python -m services.registry` is `pushward serve registry`."""

from pushward.cli import main

if __name__ == "__main__":
    main(["serve", "registry"])
