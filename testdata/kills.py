"""Kills pytop while it ends, and counts the breakpoints that are left in its target.

    python3 kills.py PYTOP [TRIES [OPTION…]]

Each try starts a target, lets pytop count it, sends SIGTERM, waits 0 to 90 ms, sends SIGKILL, and
compares the target's text with its files. Then the same with SIGKILL alone. The target's interpreter
is a copy, so that nobody else attaches to it. Fails when something is left. Needs root, and x86-64.
"""
import os, re, shutil, signal, subprocess, sys, tempfile, time

TARGET = """
def leaf(x): return x
def run():
    for n in range(50000): leaf(n)
print('runs', flush=True)
while True: run()
"""


def left(pid):
    """The offsets at which the process's text has a breakpoint that the file has not."""
    found = []
    with open(f'/proc/{pid}/mem', 'rb', 0) as memory, open(f'/proc/{pid}/maps') as maps:
        for line in maps:
            start, end, rights, offset, path = re.match(r'(\w+)-(\w+) (\S+) (\w+) \S+ \d+\s*(.*)', line).groups()
            if 'x' not in rights or not path.startswith('/'):
                continue
            start, end, offset = int(start, 16), int(end, 16), int(offset, 16)
            with open(f'/proc/{pid}/map_files/{start:x}-{end:x}', 'rb') as file:
                file.seek(offset)
                want = file.read(end - start)
            memory.seek(start)
            got = memory.read(end - start)
            for at in range(0, min(len(want), len(got)), 4096):
                if want[at:at + 4096] != got[at:at + 4096]:
                    found += [offset + k for k in range(at, min(at + 4096, len(want), len(got))) if want[k] != got[k] == 0xcc]
    return found


def attempt(python, pytop, delay, term, options):
    target = subprocess.Popen([python, '-S', '-c', TARGET], stdout=subprocess.PIPE, env={**os.environ, 'PYTHONHOME': sys.prefix})
    try:
        target.stdout.readline()
        top = subprocess.Popen([pytop, '-p', str(target.pid), '--budget', 'off', *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for line in top.stderr:
            if b'ready' in line:
                break
        time.sleep(0.1)
        before = len(left(target.pid))
        began = time.monotonic()
        if term:
            top.send_signal(signal.SIGTERM)
            time.sleep(delay)
        early = top.poll() is not None
        top.kill()
        top.wait()
        took = time.monotonic() - began
        at_once = len(left(target.pid))
        if at_once:
            time.sleep(1)
        return before, at_once, len(left(target.pid)), early, took
    finally:
        target.kill()
        target.wait()


def series(python, pytop, name, tries, term, delays, options):
    bad, late, most, early, slowest = 0, 0, 0, 0, 0
    for n in range(tries):
        before, at_once, after, ended, took = attempt(python, pytop, delays[n % len(delays)], term, options)
        assert before > 0, 'no breakpoint was there while pytop counted'
        bad, late, most, early, slowest = bad + (after > 0), late + (at_once > after), max(most, after), early + ended, max(slowest, took)
    print(f'{name}: {bad} of {tries} left breakpoints, max {most} ({before} were there); {late} had more at the end than 1 s later; in {early} pytop had ended before SIGKILL; slowest end {slowest:.3f} s', flush=True)
    return bad


if __name__ == '__main__':
    pytop, tries = sys.argv[1], int((sys.argv[2:] or ['40'])[0])
    options = sys.argv[3:] or ['-o', 'json']
    with tempfile.TemporaryDirectory() as directory:
        python = shutil.copy(os.path.realpath(sys.executable), os.path.join(directory, 'python3'))
        bad = series(python, pytop, 'SIGTERM, then SIGKILL', tries, True, [n * 90 / 1000 / max(tries - 1, 1) for n in range(tries)], options)
        bad += series(python, pytop, 'SIGKILL alone', tries, False, [0], options)
    sys.exit(bad > 0)
