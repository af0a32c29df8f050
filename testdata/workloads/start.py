"""Takes the GIL from its first statement on: each os.write releases it and takes it once.

start.py TIMES SECONDS: TIMES writes, a pause, TIMES writes; then it prints "wrote TIMES".
"""
import os
import sys
import time

times, pause = int(sys.argv[1]), float(sys.argv[2])
null = os.open(os.devnull, os.O_WRONLY)
for n in range(times):
    os.write(null, b"x")
time.sleep(pause)
for n in range(times):
    os.write(null, b"x")
print("wrote", 2 * times, flush=True)
