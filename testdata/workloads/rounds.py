"""What the benchmark workloads share: they are timed in one process, bare and watched in turn.

A workload prints "waiting PID" and then obeys lines on standard input, answering each with one line of JSON:

    run N       N rounds                                        {"rounds": N, "ns": …, "ns_per_round": …, "calls": C, "resumes": R}
    profile N   the same under cProfile
    monitor N   the same under sys.monitoring, a Python callback a start or resume (3.12+)
    quit        or the end of the input ends it

`ns` is the time of the rounds alone. `calls` and `resumes` are what the rounds call by arithmetic, null where that depends on the version.
"""
import cProfile
import gc
import json
import os
import sys
import time


def on_event(code, offset):
    pass


def monitored(run, n):
    monitoring = sys.monitoring
    events = monitoring.events.PY_START | monitoring.events.PY_RESUME
    monitoring.use_tool_id(monitoring.PROFILER_ID, "rounds")
    for event in monitoring.events.PY_START, monitoring.events.PY_RESUME:
        monitoring.register_callback(monitoring.PROFILER_ID, event, on_event)
    monitoring.set_events(monitoring.PROFILER_ID, events)
    try:
        return timed(run, n)
    finally:
        monitoring.set_events(monitoring.PROFILER_ID, 0)
        monitoring.free_tool_id(monitoring.PROFILER_ID)


def profiled(run, n):
    profile = cProfile.Profile()
    profile.enable()
    try:
        return timed(run, n)
    finally:
        profile.disable()


def timed(run, n):
    began = time.perf_counter_ns()
    run(n)
    return time.perf_counter_ns() - began


def serve(run, calls=None, resumes=None):
    """Serves run(n); calls and resumes are those of one round."""
    gc.disable()
    ways = {"run": timed, "profile": profiled, "monitor": monitored}
    print("waiting", os.getpid(), flush=True)
    for line in sys.stdin:
        word, _, number = line.strip().partition(" ")
        if word == "quit":
            return
        n = int(number)
        ns = ways[word](run, n)
        gc.collect()
        print(json.dumps({
            "rounds": n, "ns": ns, "ns_per_round": ns / n,
            "calls": calls and calls * n, "resumes": None if resumes is None else resumes * n,
        }), flush=True)
