"""``python -m nbtrack`` is the command ``nbtrack``."""

from nbtrack.cli.main import main

if __name__ == "__main__":
    main()
