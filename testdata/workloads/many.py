"""Many functions: `many.py FUNCTIONS [SECONDS]` (60) makes that many, prints "waiting PID", waits for one byte on standard input, calls each once,
prints "called", and then calls all of them, one after the other with pauses between, about once a second, until the time is over or its input ends."""
import os
import select
import sys
import time


def make(n):
    """In pieces: one module of 262,144 functions would not compile in a reasonable time."""
    functions = []
    for begin in range(0, n, 4096):
        namespace = {}
        end = min(begin + 4096, n)
        exec(compile("\n".join("def many_%06d(): pass" % i for i in range(begin, end)), "many-%03d.py" % (begin // 4096), "exec"), namespace)
        functions += [namespace["many_%06d" % i] for i in range(begin, end)]
    return functions


def main(n, seconds):
    functions = make(n)
    print("waiting", os.getpid(), flush=True)
    os.read(0, 1)
    for function in functions:
        function()
    print("called", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for i, function in enumerate(functions):
            function()
            if i % 1000 == 999:
                time.sleep(min(0.02, 500 / n))
        if select.select([0], [], [], 0.1)[0] and not os.read(0, 100):
            return


main(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 60)
