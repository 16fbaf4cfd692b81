"""``python -m services.notifier`` is ``pushward serve notifier``."""

from pushward.cli import main

if __name__ == "__main__":
    main(["serve", "notifier"])
