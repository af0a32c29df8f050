"""Moves the code of its interpreter to anonymous memory, as programs do that want huge pages for it.

remap.py: says "waiting" and obeys: "move" (to the same addresses, all of the file's code), "move PART" (all but the first page),
"call TIMES". What is moved is read from the file.
"""
import ctypes
import os
import sys


def counted():
    pass


def mappings():
    """Of the file that the interpreter is in: addresses, offsets and permissions."""
    at = ctypes.cast(ctypes.pythonapi.PyRun_SimpleString, ctypes.c_void_p).value
    rows = []
    with open("/proc/self/maps") as maps:
        for line in maps:
            f = line.split(None, 5)
            begin, end = (int(x, 16) for x in f[0].split("-"))
            rows.append((begin, end, f[1], int(f[2], 16), f[5].strip() if len(f) > 5 else ""))
    path = next(r[4] for r in rows if r[0] <= at < r[1])
    return [r for r in rows if r[4] == path and "x" in r[2]]


def move(skip):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = libc.mremap.restype = ctypes.c_void_p
    size, long = ctypes.c_size_t, ctypes.c_long
    for begin, end, _, offset, path in mappings():
        begin, offset = begin + skip, offset + skip
        length = end - begin
        fd = os.open(path, os.O_RDONLY)
        data = os.pread(fd, length, offset)
        os.close(fd)
        new = libc.mmap(None, size(length), 3, 0x22, -1, long(0))  # private, anonymous
        ctypes.memmove(new, data, len(data))
        if libc.mprotect(ctypes.c_void_p(new), size(length), 5):
            raise OSError("mprotect")
        if libc.mremap(ctypes.c_void_p(new), size(length), size(length), 3, ctypes.c_void_p(begin)) != begin:  # in one step
            raise OSError(ctypes.get_errno(), "mremap")


print("waiting", flush=True)
for line in sys.stdin:
    words = line.split()
    if words[0] == "move":
        move(4096 if len(words) > 1 else 0)
    else:
        for i in range(int(words[1])):
            counted()
    print("did", flush=True)
