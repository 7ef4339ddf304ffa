"""Terminals of a size, for programs that look what they write to."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import termios


def open_terminal(rows: int, columns: int) -> tuple[int, int]:
    """The end that reads what is shown, and the one that is a program's."""
    main, side = pty.openpty()
    resize(side, rows, columns)
    return main, side


def resize(side: int, rows: int, columns: int) -> None:
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read_shown(main: int) -> bytes:
    """All that is shown until nobody has the other end any more; closes this one."""
    shown = b""
    with contextlib.suppress(OSError):  # the other end is closed
        while part := os.read(main, 65536):
            shown += part
    os.close(main)
    return shown
