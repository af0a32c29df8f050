"""What threads of a free-threaded CPython wait for, in ways whose account is known: see the functions' words. Runs from 3.13 on.

freethreaded.py WAY [ROUNDS]: says "waiting", and for each line that it reads does it and prints one JSON object with what it knows itself.
"""
import gc
import json
import os
import queue
import random
import sys
import threading
import time


def mutex(rounds):
    """A thread sorts a list, which locks it, while the main thread appends to it: once a round. How long the appends took, and how much of that on a CPU."""
    numbers = [random.random() for _ in range(1_000_000)]
    shared, took, cpu = [], 0.0, 0.0
    for _ in range(rounds):
        shared[:] = numbers
        thread = threading.Thread(target=shared.sort)
        thread.start()
        time.sleep(0.05)
        on, began = time.thread_time(), time.perf_counter()
        shared.append(0.0)
        took += time.perf_counter() - began
        cpu += time.thread_time() - on
        thread.join()
    return {"took": took, "cpu": cpu}


def pause(rounds):
    """A thread collects garbage while the main thread computes, in C for so long that it must be waited for: each collection stops the world, twice.
    How long the computing took, and how much of that on a CPU."""
    keep = [[i] for i in range(400_000)]
    ready, done, tid = threading.Event(), [False], []

    def collects():
        tid.append(threading.get_native_id())
        ready.wait()
        for _ in range(rounds):
            time.sleep(0.02)
            gc.collect()
        done[0] = True

    gc.disable()
    thread = threading.Thread(target=collects)
    thread.start()
    ready.set()
    on, began = time.thread_time(), time.perf_counter()
    while not done[0]:
        sum(range(20_000))
    took, cpu = time.perf_counter() - began, time.thread_time() - on
    thread.join()
    gc.enable()
    del keep
    return {"took": took, "cpu": cpu, "stopper": tid[0]}


def pauses(rounds):
    """The main thread collects garbage again and again, of which there is little, while more threads compute than there are processors: each collection
    stops them all, twice, and some have not woken from the one stop when the next one comes."""
    done = [False]

    def computes():
        while not done[0]:
            sum(range(1_000))

    gc.disable()
    threads = [threading.Thread(target=computes) for _ in range(2 * os.cpu_count() + 2)]
    for thread in threads:
        thread.start()
    for _ in range(rounds):
        gc.collect()
    done[0] = True
    for thread in threads:
        thread.join()
    gc.enable()
    return {"stopper": threading.get_native_id()}


def storm(rounds):
    """Two threads that hand each other something through queues for so many tenths of a second, and wait for it each time. The CPU time that all that took."""
    there, back = queue.SimpleQueue(), queue.SimpleQueue()
    until = time.perf_counter() + 0.1 * rounds
    n, on = 0, time.process_time()

    def answers():
        while there.get():
            back.put(True)

    thread = threading.Thread(target=answers)
    thread.start()
    while time.perf_counter() < until:
        there.put(True)
        back.get()
        n += 1
    there.put(False)
    thread.join()
    return {"exchanges": n, "cpu": time.process_time() - on}


def dies(rounds):
    """Ends without a word while threads wait for a list that one sorts."""
    shared = [random.random() for _ in range(3_000_000)]
    for target in [shared.sort] + 5 * [lambda: shared.append(0)]:
        threading.Thread(target=target, daemon=True).start()
        time.sleep(0.05)
    os._exit(0)


def main():
    way = {f.__name__: f for f in (mutex, pause, pauses, storm, dies)}[sys.argv[1]]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print("waiting", flush=True)
    for _ in sys.stdin:
        print(json.dumps(way(rounds)), flush=True)


main()
