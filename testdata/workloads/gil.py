"""What threads do with the GIL, in ways whose account is known: see the functions' words. Runs from 3.8 on.

gil.py WAY [SECONDS]: says "waiting", waits for a line, does it, and prints one JSON object with what it knows itself.
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


WAYS = {"spin": two}


def main():
    way, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    print("waiting", flush=True)
    sys.stdin.readline()
    said = WAYS[way](seconds)
    print(json.dumps(said), flush=True)
    sys.stdin.readline()


main()
