"""``python -m mx_changeclass``."""

from __future__ import annotations


def main() -> None:
    import contextlib
    import gc
    import os
    import sys

    from mx_changeclass.errors import FAULT, fault

    gc.disable()  # a command ends with its answer; looking for cycles took a tenth of the time and freed nothing
    try:
        from mx_changeclass.cli import cli
    except BaseException as error:  # it could not be loaded
        with contextlib.suppress(OSError, AttributeError):
            sys.stderr.write(f"mx-changeclass: {fault(error)}\n")
        sys.exit(FAULT)
    try:
        cli(prog_name="mx-changeclass")
    except SystemExit as leaving:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody reads on, or it was never there
                stream.flush()
        # The system takes all memory back at once; giving it back object by object takes a twentieth of the time.
        os._exit(leaving.code if isinstance(leaving.code, int) else FAULT)


if __name__ == "__main__":
    main()
