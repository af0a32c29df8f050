"""The edges of counting, one a run: `edges.py MODE [NUMBER]`.

    recursion     calls refused by RecursionError: their bodies never run, and are not calls
    exec          execs itself without address randomisation, twice: other functions then lie at the addresses of the old ones
    threads       4 threads that contend for the GIL, NUMBER (20000) rounds each
    burst         NUMBER (5000) functions called for the first time at once
    exit          calls until the very last moment, then os._exit
    fork          a child and its parent call the same functions; the expected rows are the parent's
    interpreters  4 threads with a sub-interpreter each, in parallel where each has a GIL of its own (3.12 and later)

Prints "waiting PID", waits for one byte on standard input, calls, prints its expected rows as JSON, and ends.
"""
import os
import sys
import threading

from expected import expect, tell, wait


# recursion: a body counts itself first, so what was refused is not in the count.

ran = {}


def sink():
    ran["sink"] += 1
    sink()


def ping():
    ran["ping"] += 1
    pong()


def pong():
    ran["pong"] += 1
    ping()


class Endless:
    def __repr__(self):
        ran["repr"] += 1
        return repr(self)

    def __getattr__(self, name):
        ran["getattr"] += 1
        return getattr(self, name + "_")

    def method(self):
        ran["method"] += 1
        return self.method()


def by_key(n):
    ran["key"] += 1
    return sorted([n], key=by_key)


def generator():
    ran["generator"] += 1
    yield from generator()


def recursion(number):
    endless = Endless()
    starts = {
        "sink": (sink, sink), "ping": (ping, ping), "repr": (Endless.__repr__, lambda: repr(endless)), "getattr": (Endless.__getattr__, lambda: endless.x),
        "method": (Endless.method, endless.method), "key": (by_key, lambda: by_key(1)), "generator": (generator, lambda: next(generator())),
    }
    ran.update({name: 0 for name in list(starts) + ["pong"]})
    wait()
    for i in range(number or 20):
        sys.setrecursionlimit(150 + 7 * i)
        for function, start in starts.values():
            try:
                start()
            except RecursionError:
                pass
    sys.setrecursionlimit(1000)
    for name, (function, start) in starts.items():
        expect(function, ran[name])
    expect(pong, ran["pong"])
    tell()


# exec: each image makes functions of its own, from texts of the same size, at the same addresses.

IMAGE = "\n".join("def %s_%02d(n):\n    return n + %d\n" % ("%s", n, n) for n in range(40))


def image(name, factor):
    namespace = {}
    exec(compile(IMAGE.replace("%s", name), "edges-image.py", "exec"), namespace)
    functions = [namespace["%s_%02d" % (name, n)] for n in range(40)]
    for n, function in enumerate(functions):
        for i in range((n + 1) * factor):
            function(i)
    return functions


def expect_image(name, factor):
    for n in range(40):
        function = "%s_%02d" % (name, n)
        namespace = {}
        exec(compile(IMAGE.replace("%s", name), "edges-image.py", "exec"), namespace)
        expect(namespace[function], (n + 1) * factor)


def again(step):
    import subprocess
    command = [sys.executable] + subprocess._args_from_interpreter_flags() + [__file__, "exec", str(step)]
    if step == 1:
        os.execvp("setarch", ["setarch", "-R"] + command)
    os.execv(sys.executable, command)


def execs(step):
    """Step 0 only leaves address randomisation behind; 1, 2 and 3 are images at the same addresses, counted from the first wait on."""
    if step == 0:
        again(1)
    if step == 1:
        wait()
    image("abc"[step - 1], 10 ** (step - 1))
    if step < 3:
        again(step + 1)
    for n, name in enumerate("abc"):
        expect_image(name, 10 ** n)
    tell()


# threads

class Shared:
    def __init__(self):
        self.lock = threading.Lock()
        self.n = 0

    def add(self, by):
        with self.lock:
            self.n += by


def items(n):
    for i in range(n):
        yield i


def light(i):
    return i


def heavy(i):
    for item in items(3):
        light(item)


def contend(shared, rounds):
    for i in range(rounds):
        light(i)
        if i % 10 == 0:
            heavy(i)
            shared.add(1)


def threads(rounds):
    rounds = rounds or 20000
    sys.setswitchinterval(1e-5)
    wait()
    shared = Shared()
    workers = [threading.Thread(target=contend, args=(shared, rounds)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tenth = (rounds + 9) // 10 * 4
    expect(contend, 4)
    expect(light, 4 * rounds + 3 * tenth)
    expect(heavy, tenth)
    expect(items, tenth, 3 * tenth)
    expect(Shared.add, tenth)
    tell()


# burst

def burst(number):
    number = number or 5000
    namespace = {}
    exec(compile("\n".join("def burst_%05d():\n    pass\n" % n for n in range(number)), "edges-burst.py", "exec"), namespace)
    functions = [namespace["burst_%05d" % n] for n in range(number)]
    wait()
    for function in functions:
        function()
    for n, function in enumerate(functions):
        for _ in range(n % 3):
            function()
    for n, function in enumerate(functions):
        expect(function, 1 + n % 3)
    tell()


# exit: what it expects is said before the last calls are made.

def first(n):
    return n


def final(n):
    return n


def at_end(number):
    wait()
    number = number or 100000
    for i in range(number):
        first(i)
    expect(first, number)
    expect(final, number)
    tell()
    for i in range(number):
        final(i)
    os._exit(0)


# fork

def before(n):
    return n


def both(n):
    return n


def fork(number):
    wait()
    for i in range(100):
        before(i)
    child = os.fork()
    for i in range(number or 1000):
        both(i)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    expect(before, 100)
    expect(both, number or 1000)
    tell()


# interpreters: each makes the same functions, calls them, and its own number of times the last.

SUB = """
def sub_light(n):
    return n

def sub_items(n):
    for i in range(n):
        yield sub_light(i)

def sub_run(times):
    for i in range(times):
        for _ in sub_items(3):
            pass
"""
CALL = """
namespace = {}
exec(compile(%r, "edges-interpreter.py", "exec"), namespace)
namespace["sub_run"](%d)
"""


def sub_interpreters():
    """How to make one, run a text in it, and end it; the module has had three names and two interfaces."""
    for name in "_interpreters", "_xxsubinterpreters":
        try:
            module = __import__(name)
        except ImportError:
            continue
        return module.create, getattr(module, "exec", None) or module.run_string, module.destroy
    return None


def interpreters(number):
    made = sub_interpreters()
    if made is None:
        wait()
        tell()
        return
    create, run, destroy = made
    number = number or 2000
    ids = [create() for _ in range(4)]
    workers = [threading.Thread(target=run, args=(ids[n], CALL % (SUB, number * (n + 1)))) for n in range(4)]
    wait()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for each in ids:
        destroy(each)
    rounds = 10 * number
    namespace = {}
    exec(compile(SUB, "edges-interpreter.py", "exec"), namespace)
    expect(namespace["sub_run"], 4)
    expect(namespace["sub_items"], rounds, 3 * rounds)
    expect(namespace["sub_light"], 3 * rounds)
    tell()


MODES = {"recursion": recursion, "exec": execs, "threads": threads, "burst": burst, "exit": at_end, "fork": fork, "interpreters": interpreters}

if __name__ == "__main__":
    MODES[sys.argv[1]](int(sys.argv[2]) if len(sys.argv) > 2 else 0)
