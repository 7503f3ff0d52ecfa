"""``python -m mx_changeclass``."""

from __future__ import annotations


def main() -> None:
    import gc

    gc.disable()  # a command ends with its answer; looking for cycles took a tenth of the time and freed nothing
    from mx_changeclass.cli import cli

    cli(prog_name="mx-changeclass")


if __name__ == "__main__":
    main()
