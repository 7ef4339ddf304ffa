"""C code that calls Python functions all the time: libc's qsort with a comparison in Python."""

from __future__ import annotations

import ctypes
import sys
import time

INT_POINTER = ctypes.POINTER(ctypes.c_int)


def compare(left: ctypes._Pointer[ctypes.c_int], right: ctypes._Pointer[ctypes.c_int]) -> int:
    return left[0] - right[0]


def main() -> None:
    libc = ctypes.CDLL(None)
    callback = ctypes.CFUNCTYPE(ctypes.c_int, INT_POINTER, INT_POINTER)(compare)
    count = 2000
    end = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < end:
        numbers = (ctypes.c_int * count)(*(i * 7919 % 10007 for i in range(count)))
        libc.qsort(numbers, count, ctypes.sizeof(ctypes.c_int), callback)


main()
