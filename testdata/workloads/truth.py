"""How often each function is called, from inside: `truth.py WORKLOAD [ARGUMENT…]` prints JSON, one row a function.

    {"version": "3.13.5", "method": "sys.monitoring", "rows": [{"file", "function", "line", "calls", "resumes", "ours"}, …]}

`calls` are bodies begun, `resumes` are generators and coroutines continued; throw() and close() are neither. `function` is the code object's qualified name
from 3.11 on and its plain name before. Counting goes from the moment the workload would wait to the end of its exit handlers. `ours` is false for functions of
the standard library, some of which depend on the machine.

From 3.12 on sys.monitoring counts. Before, sys.settrace: what a "call" event was is told by the RESUME it stands at on 3.11 (there is none for throw and close),
and up to 3.10 by the next event (an exception that comes before any instruction was thrown in).
"""
import atexit
import builtins
import gc
import json
import os
import sys
import threading
from _thread import get_ident

RESUMABLE = 0x2A0  # CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
RESUME = 151  # the opcode on 3.11
here = __file__
keep = []  # this module, once the workload is __main__
codes = {}  # keeps what was counted alive, so that an id stays one code object's
calls, resumes = {}, {}  # by thread and code object: no two threads write one entry


def count(into, code):
    codes[id(code)] = code
    key = get_ident(), id(code)
    into[key] = into.get(key, 0) + 1


def on_start(code, offset):
    count(calls, code)


def on_resume(code, offset):
    count(resumes, code)


def monitor():
    monitoring = sys.monitoring
    monitoring.use_tool_id(monitoring.PROFILER_ID, "truth")
    monitoring.register_callback(monitoring.PROFILER_ID, monitoring.events.PY_START, on_start)
    monitoring.register_callback(monitoring.PROFILER_ID, monitoring.events.PY_RESUME, on_resume)
    monitoring.set_events(monitoring.PROFILER_ID, monitoring.events.PY_START | monitoring.events.PY_RESUME)


def unmonitor():
    sys.monitoring.set_events(sys.monitoring.PROFILER_ID, 0)


pending = {}


def on_call(frame, event, arg):
    code = frame.f_code
    if not code.co_flags & RESUMABLE:
        count(calls, code)
        return None
    if sys.version_info >= (3, 11):
        at = frame.f_lasti
        if code.co_code[at] == RESUME:
            count(resumes if code.co_code[at + 1] & 3 else calls, code)
        return None
    frame.f_trace_opcodes = True
    pending[get_ident()] = calls if frame.f_lasti < 0 else resumes, code
    return on_event


def on_event(frame, event, arg):
    was = pending.pop(get_ident(), None)
    if was and event != "exception":
        count(*was)
    return on_event


def trace():
    threading.settrace(on_call)
    sys.settrace(on_call)


def untrace():
    sys.settrace(None)


def report(method):
    total = {}
    for into, column in (calls, 0), (resumes, 1):
        for (_, code), n in into.items():
            code = codes[code]
            if code.co_filename == here:
                continue
            key = code.co_filename, getattr(code, "co_qualname", code.co_name), code.co_firstlineno
            total.setdefault(key, [0, 0])[column] += n
    rows = [
        {"file": file, "function": function, "line": line, "calls": n[0], "resumes": n[1], "ours": ours(file)}
        for (file, function, line), n in sorted(total.items())
    ]
    print(json.dumps({"version": "%d.%d.%d" % sys.version_info[:3], "method": method, "rows": rows}))


def ours(file):
    return os.path.basename(file).startswith("known") or file == sys.argv[0] or file == "<string>"


def main():
    del sys.argv[0]
    start, stop, method = (monitor, unmonitor, "sys.monitoring") if hasattr(sys, "monitoring") else (trace, untrace, "sys.settrace")

    def finish():
        stop()
        sys.stdout = out
        report(method)

    keep.append(sys.modules["__main__"])
    out, sys.stdout = sys.stdout, sys.stderr  # what the workload prints is not the result
    atexit.register(finish)  # registered first, run last
    builtins.pytop_truth = start
    with open(sys.argv[0], encoding="utf-8") as file:
        code = compile(file.read(), sys.argv[0], "exec", dont_inherit=True)
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    module = type(sys)("__main__")
    module.__file__ = sys.argv[0]
    module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = module
    gc.disable()
    exec(code, module.__dict__)


main()
