"""``python -m archiver`` is the ``archiver`` command."""

from archiver.cli.main import main

if __name__ == "__main__":
    main()
