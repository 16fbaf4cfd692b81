"""``python -m services.relay`` is ``pushward serve relay``."""

from pushward.cli import main

if __name__ == "__main__":
    main(["serve", "relay"])
