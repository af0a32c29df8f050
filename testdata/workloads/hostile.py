"""A process whose names are chosen to do harm: to terminals, spreadsheets and readers of JSON.

Prints "waiting PID"; calls all of its functions once for each line that it reads, and prints "called COUNT". A thread with such a name sleeps meanwhile.
"""
import os
import sys
import threading
import time

NAMES = ["\x1b]0;PWNED\x07", "\x1b[2J\x1b[31mRED", "\x9b31mC1", "a\nb\r\n=1+1,\",", "\u202eevil", "=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "-2+3", "a;=1",
         "\",\"level\":\"root\"}\n{\"x\":1", "\ud800lone", "<script>", "\x1bP+q544e\x1b\\", "\x1b]52;c;cHduZWQ=\x07", "w\u0301\u0301", "\u200b\u200d\ufeff", "\t=1",
         "\u2028\u2029", "a\U000e0041", "'=1", "\u061c\u2066", "long" + "\u202e" * 70000]


def template():
    pass


def sleeper():
    with open("/proc/self/task/%d/comm" % threading.get_native_id(), "w") as comm:
        comm.write("=\x1b[31m\n\x1b]0;X")
    named.set()
    time.sleep(600)


FUNCTIONS = []
for name in NAMES:
    changes = {"co_name": name, "co_filename": name + ".py"}
    if hasattr(template.__code__, "co_qualname"):
        changes["co_qualname"] = name
    FUNCTIONS.append(type(template)(template.__code__.replace(**changes), {}))
named = threading.Event()
threading.Thread(target=sleeper, daemon=True).start()
named.wait()
print("waiting", os.getpid(), flush=True)
for _ in sys.stdin:
    for function in FUNCTIONS:
        function()
    print("called", len(FUNCTIONS), flush=True)
