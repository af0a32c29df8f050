"""Tracing, profiling and monitoring switched on and off while calls are counted: `switching.py [ROUNDS]` (60).

Prints "waiting PID", waits for one byte on standard input, calls, prints its expected rows as JSON, and ends. Each function's count is arithmetic, those of
the callbacks are counted by themselves.
"""
import sys
import threading
from _thread import get_ident

from expected import expect, tell, wait

monitoring = getattr(sys, "monitoring", None)
seen = {}  # by callback and thread: no two threads write one entry


def trace(frame, event, arg):
    seen["trace", get_ident()] = seen.get(("trace", get_ident()), 0) + 1
    return trace


def opcodes(frame, event, arg):
    seen["opcodes", get_ident()] = seen.get(("opcodes", get_ident()), 0) + 1
    frame.f_trace_opcodes = True
    return opcodes


def profile(frame, event, arg):
    seen["profile", get_ident()] = seen.get(("profile", get_ident()), 0) + 1


def on_event(*arguments):
    seen["event", get_ident()] = seen.get(("event", get_ident()), 0) + 1


def disable(*arguments):
    seen["disable", get_ident()] = seen.get(("disable", get_ident()), 0) + 1
    return monitoring.DISABLE


# What is called: exercise() calls each of these the same number of times.

def plain(n):
    return n


class Class:
    def method(self):
        return 1

    @property
    def field(self):
        return 1


def numbers(n):
    for i in range(n):
        yield i


def recursive(n):
    return n and recursive(n - 1)


def outer():
    def inner():
        return 1
    return inner


class Pause:
    def __init__(self, times):
        self.times = times

    def __await__(self):
        for _ in range(self.times):
            yield


async def leaf(n):
    await Pause(n)


async def coroutine():
    await leaf(2)
    await leaf(1)


def drive(awaitable):
    try:
        while True:
            awaitable.send(None)
    except StopIteration:
        pass


TEMPLATE = "def fresh(n):\n    return n\n"
runs = 0


def exercise():
    global runs, inner, fresh
    runs += 1
    for i in range(5):
        plain(i)
    instance = Class()
    for _ in range(3):
        instance.method()
        instance.field
    list(numbers(4))
    recursive(6)
    inner = outer()
    inner(), inner()
    drive(coroutine())
    sorted([3, 1, 2], key=plain)
    namespace = {}
    exec(compile(TEMPLATE, "switching-fresh.py", "exec"), namespace)
    fresh = namespace["fresh"]
    fresh(1), fresh(2)


def expect_exercises():
    expect(exercise, runs)
    expect(plain, 8 * runs)
    expect(Class.method, 3 * runs)
    expect(Class.field.fget, 3 * runs)
    expect(numbers, runs, 4 * runs)
    expect(recursive, 7 * runs)
    expect(outer, runs)
    expect(inner, 2 * runs)
    expect(Pause.__init__, 2 * runs)
    expect(Pause.__await__, 2 * runs, 3 * runs)
    expect(leaf, 2 * runs, 3 * runs)
    expect(coroutine, runs, 3 * runs)
    expect(drive, runs)
    expect(fresh, 2 * runs)


# The ways to switch: each switches something on and returns the function that switches it off again.

def kind(name):
    return getattr(monitoring.events, name)


def all_kinds():
    return {name: value for name, value in vars(monitoring.events).items() if isinstance(value, int) and value}


def tool(callback, events, codes=()):
    """A monitoring tool for some events, everywhere or in some code objects."""
    tool_id = 3
    monitoring.use_tool_id(tool_id, "switching")
    for event in all_kinds().values():
        monitoring.register_callback(tool_id, event, callback)
    if codes:
        for code in codes:
            monitoring.set_local_events(tool_id, code, events)
    else:
        monitoring.set_events(tool_id, events)

    def off():
        monitoring.set_events(tool_id, 0)
        for code in codes:
            monitoring.set_local_events(tool_id, code, 0)
        monitoring.restart_events()
        monitoring.free_tool_id(tool_id)
    return off


def by_trace():
    sys.settrace(trace)
    return lambda: sys.settrace(None)


def by_opcodes():
    sys.settrace(opcodes)
    return lambda: sys.settrace(None)


def by_profile():
    sys.setprofile(profile)
    return lambda: sys.setprofile(None)


def by_both():
    sys.settrace(trace)
    sys.setprofile(profile)

    def off():
        sys.setprofile(None)
        sys.settrace(None)
    return off


def by_nothing():
    return lambda: None


WAYS = [by_nothing, by_trace, by_profile, by_opcodes, by_both]
if monitoring:
    def by_starts():
        return tool(on_event, kind("PY_START") | kind("PY_RESUME") | kind("PY_RETURN") | kind("PY_YIELD"))

    def by_everything():
        return tool(on_event, sum(all_kinds().values()))

    def by_disabling():
        return tool(disable, kind("PY_START") | kind("LINE") | kind("PY_RETURN"))

    def by_local():
        return tool(on_event, kind("PY_START") | kind("LINE"), [plain.__code__, numbers.__code__, recursive.__code__])

    def by_instruction():
        return tool(on_event, kind("INSTRUCTION"))

    WAYS += [by_starts, by_everything, by_disabling, by_local, by_instruction]


# Switched between the steps of one generator, inside one recursion, and while another thread runs

def long_lived(n):
    for i in range(n):
        yield plain(i)


def descend(depth, ways):
    if depth == 0:
        return
    off = ways[depth % len(ways)]()
    plain(depth)
    off()
    descend(depth - 1, ways)
    plain(depth)


def steady(i):
    return i


def work(times):
    for i in range(times):
        steady(i)


def main(rounds):
    used = {way: 0 for way in WAYS}
    for i in range(rounds):
        way = WAYS[i % len(WAYS)]
        used[way] += 1
        off = way()
        exercise()
        off()
        exercise()

    generator = long_lived(rounds)
    steps = 0
    while True:
        way = WAYS[steps % len(WAYS)]
        used[way] += 1
        off = way()
        try:
            next(generator)
        except StopIteration:
            off()
            break
        off()
        steps += 1
    expect(long_lived, 1, steps)
    expect(plain, steps)

    descend(40, WAYS)
    for depth in range(1, 41):
        used[WAYS[depth % len(WAYS)]] += 1
    expect(descend, 41)
    expect(plain, 80)

    thread = threading.Thread(target=work, args=(30000,))
    thread.start()
    for i in range(rounds):
        way = WAYS[i % len(WAYS)]
        used[way] += 1
        off = way()
        plain(i)
        off()
    thread.join()
    expect(plain, rounds)
    expect(work, 1)
    expect(steady, 30000)

    expect_exercises()
    for way, times in used.items():
        expect(way, times)
    for callback, key in (trace, "trace"), (opcodes, "opcodes"), (profile, "profile"), (on_event, "event"), (disable, "disable"):
        expect(callback, sum(n for (name, _), n in seen.items() if name == key))


if __name__ == "__main__":
    wait()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
    tell()
