"""What a proof on the live process looks at: `proof.py`.

Warms functions up, so that their calls are specialised, prints "waiting PID", waits for a line "THREADS MADE" on standard input, and then runs
methods, generators, coroutines that end by throw(), and so many threads, each of which makes and frees functions if MADE is 1, until the next line or the end
of its input. In the end it prints how often two of its functions were called, as JSON rows.
"""
import _thread
import os
import sys
import threading

from expected import expect, tell

ended = False


# What is counted in the end: called by the main thread alone, and long enough to be seen running.

def hot(n):
    total = 0
    for i in range(n):
        total += i
    return total


def warm(n):
    total = 0
    for i in range(n):
        total += i
    return total + hot(n)


class Class:
    def __init__(self, n):
        self.n = n
        for _ in range(n):
            pass

    def method(self, n):
        for _ in range(n):
            pass
        return self.field

    @property
    def field(self):
        for _ in range(200):
            pass
        return self.n

    def __lt__(self, other):
        for _ in range(200):
            pass
        return self.n < other.n

    def __getitem__(self, i):
        for _ in range(200):
            pass
        return i


def numbers(n):
    for i in range(n):
        yield hold(i)


def hold(i):
    for _ in range(100):
        pass
    return i


class Pause:
    def __await__(self):
        yield hold(1)


async def coroutine(n):
    try:
        for _ in range(n):
            await Pause()
    finally:
        hold(2)


def drive(awaitable, steps):
    """Sends some steps and ends it by throw(), which no RESUME tells of."""
    try:
        for _ in range(steps):
            awaitable.send(None)
        awaitable.throw(ValueError)
    except (StopIteration, ValueError, RuntimeError):
        pass


def recursive(n):
    for _ in range(50):
        pass
    return n and recursive(n - 1)


def outer(n):
    def inner(m):
        for _ in range(200):
            pass
        return m + n
    return inner


TEMPLATE = "def made(n):\n    for _ in range(200): pass\n    return n\n"


def make():
    namespace = {}
    exec(compile(TEMPLATE, "proof-made.py", "exec"), namespace)
    return namespace["made"](1)


def mixed():
    instances = [Class(300), Class(200), Class(100)]
    instances[0].method(200)
    instances[1][5]
    sorted(instances)
    sum(numbers(5))
    drive(coroutine(5), 3)
    recursive(10)
    outer(1)(2)
    list(map(lambda n: hold(n), range(5)))


def thread(making):
    while not ended:
        mixed()
        if making:
            make()


calls = 0


def run(times):
    global calls
    for _ in range(times):
        warm(500)
        hot(500)
        calls += 1


def main():
    global ended, calls
    waiting = _thread.allocate_lock()
    run(300)
    for _ in range(100):
        mixed()
    suspended = numbers(1000000), coroutine(1000000)
    next(suspended[0]), suspended[1].send(None)
    calls = 0
    print("waiting", os.getpid(), flush=True)
    line = sys.stdin.readline()
    threads, making = map(int, line.split())
    for _ in range(threads):
        threading.Thread(target=thread, args=(making,)).start()
    _thread.start_new_thread(lambda: (sys.stdin.readline(), waiting.acquire()), ())
    while not waiting.locked():
        run(20)
        next(suspended[0])
        drive(suspended[1], 0)
    ended = True
    expect(hot, 2 * calls)
    expect(warm, calls)
    tell()


main()
