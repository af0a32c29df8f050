"""What threads do with the GIL, in ways whose account is known: see the functions' words. Runs from 3.8 on.

gil.py WAY [SECONDS [THREADS]]: says "waiting", and for each line that it reads ("go", or "go SECONDS") does it and prints one JSON object
with what it knows itself.
"""
import json
import sys
import threading
import time


def spin(until):
    n = 0
    while time.perf_counter() < until:
        n += 1
    return n


def together(*targets):
    threads = [threading.Thread(target=t) for t in targets]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def two(seconds):
    """Two threads that compute."""
    began = time.perf_counter()
    until = began + seconds
    together(lambda: spin(until), lambda: spin(until))
    return {"took": time.perf_counter() - began}


def short(seconds):
    """Two threads that compute, with a switch interval of 1 ms."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.001)
    try:
        return two(seconds)
    finally:
        sys.setswitchinterval(before)


def patiently(hog):
    """Runs hog in a thread while another wants the GIL each millisecond: how long hog took, and the longest that the other was late."""
    done = threading.Event()
    late = [0.0]

    def ticker():
        while not done.is_set():
            began = time.perf_counter()
            time.sleep(0.001)
            late[0] = max(late[0], time.perf_counter() - began - 0.001)

    took = [0.0]

    def timed():
        time.sleep(0.05)
        began = time.perf_counter()
        hog()
        took[0] = time.perf_counter() - began
        done.set()

    together(timed, ticker)
    return {"took": took[0], "late": late[0]}


def long_sum(seconds):
    """A long hold by C code: sum() over a range."""
    began = time.perf_counter()
    sum(range(10**6))
    n = int(10**6 * seconds / (time.perf_counter() - began))
    return patiently(lambda: sum(range(n)))


def long_sort(seconds):
    """A long hold by C code: sorting floats."""
    import random

    values = [random.random() for _ in range(10**6)]
    return patiently(lambda: values.sort())


def long_regex(seconds):
    """A long hold by C code: a match that backtracks."""
    import re

    pattern = re.compile("(a+)+$")
    return patiently(lambda: pattern.match("a" * 22 + "b"))


def long_match(seconds):
    """The same, for as long as it was told, to twice that."""
    import math
    import re

    pattern, n, took = re.compile("(a+)+$"), 12, 0
    while took < 0.02:
        n += 1
        began = time.process_time()
        pattern.match("a" * n + "b")
        took = time.process_time() - began
    n += math.ceil(math.log2(max(1, seconds / took)))  # one more takes twice as long
    return patiently(lambda: pattern.match("a" * n + "b"))


def main_sum(seconds):
    """A long hold by C code in the main thread, alone."""
    began = time.perf_counter()
    sum(range(10**6))
    n = int(10**6 * seconds / (time.perf_counter() - began))
    began = time.perf_counter()
    sum(range(n))
    return {"took": time.perf_counter() - began}


def asleep(seconds):
    """A long hold by C code that sleeps in the kernel without releasing it."""
    import ctypes

    libc = ctypes.PyDLL(None)
    return patiently(lambda: libc.usleep(int(1e6 * seconds)))


def releases(seconds):
    """Threads that release often: files, zlib, hashlib, sleep."""
    import hashlib
    import os
    import zlib

    until = time.perf_counter() + seconds
    data = bytes(100000)

    def files():
        fd = os.open("/dev/null", os.O_WRONLY)
        while time.perf_counter() < until:
            os.write(fd, b"x")
            os.stat("/")
        os.close(fd)

    def pack():
        while time.perf_counter() < until:
            zlib.compress(data, 1)
            hashlib.sha256(data).digest()

    def sleeper():
        while time.perf_counter() < until:
            time.sleep(0.001)

    together(files, pack, sleeper)
    return {}


def churn(seconds):
    """3,000 short threads, one after the other."""
    count = [0]

    def one():
        count[0] += 1

    for _ in range(3000):
        together(one)
    return {"threads": count[0]}


def interpreters(seconds):
    """Two sub-interpreters that compute at once, where they have a GIL of their own (3.12 and later)."""
    try:
        import _interpreters as module
    except ImportError:
        import _xxsubinterpreters as module
    source = "import time\nuntil = time.perf_counter() + %r\nwhile time.perf_counter() < until: pass\n" % seconds

    def run():
        try:
            interpreter = module.create("isolated")
        except TypeError:
            interpreter = module.create()
        getattr(module, "exec", module.run_string)(interpreter, source) if hasattr(module, "exec") else module.run_string(interpreter, source)
        module.destroy(interpreter)

    together(run, run)
    return {}


def forks(seconds):
    """Children that compute a little, while a thread computes."""
    import os

    stop = threading.Event()

    def busy():
        while not stop.is_set():
            pass

    thread = threading.Thread(target=busy)
    thread.start()
    for _ in range(10):
        pid = os.fork()
        if pid == 0:
            spin(time.perf_counter() + 0.01)
            os._exit(0)
        os.waitpid(pid, 0)
    stop.set()
    thread.join()
    return {}


def daemons(seconds):
    """Daemon threads that compute while the program ends."""
    for _ in range(4):
        threading.Thread(target=spin, args=(1e18,), daemon=True).start()
    time.sleep(seconds)
    return {}


def storm(seconds):
    """Threads (one, unless told otherwise) that release and take as often as they can: takes and drops a second."""
    import os

    threads = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    fd = os.open("/dev/null", os.O_WRONLY)
    written = [0] * threads

    def writer(i):
        write, n = os.write, 0
        while time.perf_counter() - began < seconds:
            for _ in range(1000):
                write(fd, b"x")
            n += 1000
        written[i] = n

    began = time.perf_counter()
    if threads == 1:
        writer(0)
    else:
        together(*(lambda i=i: writer(i) for i in range(threads)))
    took, n = time.perf_counter() - began, sum(written)
    os.close(fd)
    return {"per_s": n / took, "ns_per_round": 1e9 * took / n}


def crowd(seconds):
    """One thread that signals a condition variable of its own as often as it can and keeps the GIL for that, while another wakes each millisecond."""
    import ctypes

    signal = ctypes.PyDLL(None).pthread_cond_signal  # PyDLL: the GIL is not released for the call
    variable = ctypes.create_string_buffer(64)
    at = ctypes.c_void_p(ctypes.addressof(variable))
    until = time.perf_counter() + seconds
    rate = [0.0, 0.0]

    def signaller():
        n, began = 0, time.perf_counter()
        while time.perf_counter() < until:
            for _ in range(1000):
                signal(at)
            n += 1000
        took = time.perf_counter() - began
        rate[:] = n / took, 1e9 * took / n

    def ticker():
        while time.perf_counter() < until:
            time.sleep(0.001)

    together(signaller, ticker)
    return {"per_s": rate[0], "ns_per_round": rate[1]}


def hog(seconds):
    """One thread that holds for long, among workers: what the blame is to name."""
    until = time.perf_counter() + seconds

    def discount():
        return sum(range(2 * 10**6))

    def worker():
        while time.perf_counter() < until:
            time.sleep(0.002)

    def culprit():
        while time.perf_counter() < until:
            discount()
            time.sleep(0.001)

    together(culprit, worker, worker)
    return {}


def stacks(seconds):
    """Threads that wait in stacks of which the program tells function and line of each frame, the innermost first."""
    ready, never = threading.Semaphore(0), threading.Lock()
    never.acquire()

    def block():
        ready.release()
        never.acquire()  # for good

    def generate(depth):
        if depth:
            yield from generate(depth - 1)
        else:
            yield block()

    class Größe:
        def __lt__(self, other):
            return next(generate(3))

        def method(
            self,
            depth,
        ):
            if depth == 0:
                return sorted(
                    [self, self],
                    key=None
                )
            return self.method(
                depth - 1
            )

    def by_comprehension():
        return [
            one
            for one in range(1)
            if (lambda: Größe().method(5))()
        ]

    def deep(n):
        return block() if n == 0 else deep(n - 1)

    for target in (block, by_comprehension, lambda: deep(200)):
        threading.Thread(target=target, daemon=True).start()
    for _ in range(3):
        ready.acquire()
    time.sleep(0.05)
    said = {}
    for thread in threading.enumerate():
        frame, said[thread.native_id] = sys._current_frames()[thread.ident], []
        while frame and thread is not threading.current_thread():
            code = frame.f_code
            said[thread.native_id].append([code.co_filename, getattr(code, "co_qualname", code.co_name), frame.f_lineno])
            frame = frame.f_back
    return {"stacks": said}


WAYS = {
    "stacks": stacks,
    "spin": two, "short": short, "sum": long_sum, "sort": long_sort, "regex": long_regex, "match": long_match, "main": main_sum, "asleep": asleep, "releases": releases, "churn": churn,
    "interpreters": interpreters, "forks": forks, "daemons": daemons, "storm": storm, "crowd": crowd, "hog": hog,
}


def main():
    way, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    print("waiting", flush=True)
    for line in sys.stdin:
        words = line.split()
        if words == ["end"]:
            break
        print(json.dumps(WAYS[way](float(words[1]) if len(words) > 1 else seconds)), flush=True)


if __name__ == "__main__":
    main()
