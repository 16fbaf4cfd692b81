"""``python -m services.webhook`` is ``pushward serve webhook``."""

from pushward.cli import main

if __name__ == "__main__":
    main(["serve", "webhook"])
