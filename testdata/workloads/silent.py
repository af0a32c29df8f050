"""A process whose memory stops to answer: its first interpreter's "next" leads to
a page that userfaultfd never provides. Needs root, x86-64 and CPython 3.13 or
later, whose _Py_DebugOffsets say where that is. Prints "waiting"; at the first
line it goes silent and prints "silent"; then it calls f until its input ends."""
import ctypes
import sys
import threading

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))


def word(at):
    return ctypes.c_uint64.from_address(at)


def silence():
    fd = libc.syscall(323, 0o2000000)  # userfaultfd
    api = (ctypes.c_uint64 * 3)(0xAA, 0, 0)
    if fd < 0 or libc.ioctl(fd, 0xC018AA3F, api) != 0:
        sys.exit("no userfaultfd")
    page = libc.mmap(None, 1 << 20, 3, 0x22, -1, 0)
    if libc.ioctl(fd, 0xC020AA00, (ctypes.c_uint64 * 4)(page, 1 << 20, 1, 0)) != 0:
        sys.exit("no userfaultfd for memory")
    interpreters = word(runtime + 8 * 5).value  # runtime_state.interpreters_head
    following = word(runtime + 8 * 8).value  # interpreter_state.next
    word(word(runtime + interpreters).value + following).value = page


def f():
    pass


def call():
    while True:
        f()
        stop.wait(0.01)


stop = threading.Event()
print("waiting", flush=True)
sys.stdin.readline()
silence()
print("silent", flush=True)
threading.Thread(target=call, daemon=True).start()
sys.stdin.read()
