"""`python -m services.challenge` is `pushward serve challenge`."""

from pushward.cli import main

if __name__ == "__main__":
    main(["serve", "challenge"])
