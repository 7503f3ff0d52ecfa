"""``python -m mx_changeclass``."""

from __future__ import annotations


def main() -> None:
    from mx_changeclass.cli import cli

    cli(prog_name="mx-changeclass")


if __name__ == "__main__":
    main()
