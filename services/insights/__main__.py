"""``python -m services.insights`` is ``pushward serve insights``."""

from pushward.cli import main

if __name__ == "__main__":
    main(["serve", "insights"])
