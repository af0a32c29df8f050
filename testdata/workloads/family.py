"""Processes that descend from one, one way a run: `family.py MODE [NUMBER]`.

    prefork     4 workers are forked and call; one of them forks another; one is replaced when it ends, as a server's are
    pool        multiprocessing with fork: a pool of 4 maps NUMBER (2000) items
    spawn       multiprocessing with spawn: the same, in workers that exec the interpreter
    shell       a shell starts a Python, which starts another: what lies between is no Python
    short       NUMBER (100) Pythons that end at once, 8 at a time; with "linger" each tenth lives for half a second
    become      execs the Python that the environment names BECOME, which calls
    serve       NUMBER (200) processes are forked, and then it waits; each calls once for each line read. With "later" it waits
                first, forks then, and says "serving"
    gil         NUMBER (4) workers are forked, as a server's are, after it has waited; then it says "serving". For each line read, each does:
                "w": takes the GIL GIL_TAKES times; "s": two threads compute for 0.1 s; "h", "c": what gil.py calls sum and crowd. It says "served" when all have done so

Prints "waiting PID", waits for one byte on standard input, and prints its expected rows, of all processes together, as JSON.
"""
import os
import subprocess
import sys

from expected import expect, tell, wait

HERE = os.path.abspath(__file__)


def leaf(n):
    return n


def work(times):
    for n in range(times):
        leaf(n)


def fork(times, then=None):
    pid = os.fork()
    if pid == 0:
        work(times)
        if then:
            os.waitpid(fork(then), 0)
        os._exit(0)
    return pid


def prefork(number):
    wait()
    children = [fork(number * (n + 1)) for n in range(3)]
    children.append(fork(7, then=number))
    work(3)
    for pid in children:
        os.waitpid(pid, 0)
    os.waitpid(fork(11), 0)
    calls = number * 6 + 7 + number + 3 + 11
    expect(leaf, calls)
    expect(work, 7)
    expect(fork, 6)  # that of the grandchild among them
    tell()


def square(n):
    return n * n


def pool(number, way="fork"):
    import multiprocessing
    context = multiprocessing.get_context(way)
    if __name__ == "__main__":
        wait()
    with context.Pool(4) as workers:
        assert sum(workers.map(square, range(number))) == sum(n * n for n in range(number))
        workers.close()
        workers.join()
    expect(square, number)
    tell()


def shell(number):
    wait()
    inner = "import subprocess, sys; sys.path.insert(0, %r); import family; family.work(%d); subprocess.run([sys.executable, '-c', %r])" % (
        os.path.dirname(HERE), number, "import sys; sys.path.insert(0, %r); import family; family.work(5)" % os.path.dirname(HERE))
    subprocess.run(["sh", "-c", '"$0" -c "$1"; true', sys.executable, inner], check=True)
    work(2)
    expect(leaf, number + 5 + 2)
    expect(work, 3)
    tell()


def short(number):
    wait()
    code = "def short():\n    pass\nfor n in range(9):\n    short()"
    linger = code + "\nimport time\ntime.sleep(0.5)" if sys.argv[3:] == ["linger"] else code
    left, running, lingering = number, [], []
    while left or running:
        while left and len(running) < 8:
            kept, source = (running, code) if left % 10 else (lingering, linger)
            kept.append(subprocess.Popen([sys.executable, "-S", "-c", source]))
            left -= 1
        if running:
            running.pop(0).wait()
    for process in lingering:
        process.wait()
    namespace = {}
    exec(compile(code.split("for")[0], "<string>", "exec"), namespace)
    expect(namespace["short"], 9 * number)
    tell()


def become(number):
    wait()
    work(number)
    os.execv(os.environ["BECOME"], [os.environ["BECOME"], HERE, "became", str(number)])


def became(number):
    """What become execs."""
    print("became", flush=True)
    os.read(0, 1)
    work(number)
    expect(leaf, number)
    expect(work, 1)
    tell()


def once():
    pass


def serve(number):
    pipes = []
    later = sys.argv[3:] == ["later"]
    if later:
        wait()
    for n in range(number):
        read, write = os.pipe()
        if os.fork() == 0:
            for other in pipes + [write]:
                os.close(other)
            while os.read(read, 1):
                once()
            os._exit(0)
        os.close(read)
        pipes.append(write)
    if later:
        print("serving", flush=True)
    else:
        wait()
    for line in sys.stdin:
        for write in pipes:
            os.write(write, b"\n")
        print("served", flush=True)
    for write in pipes:
        os.close(write)
    for write in pipes:
        os.wait()


GIL_WRITES = 100
GIL_TAKES = GIL_WRITES + 2  # and when the read of the order returns, and the write of the answer


def gil_worker(orders, answers):
    """Each system call drops the GIL and takes it once; nothing else here does."""
    import threading
    import time

    import gil as ways
    null = os.open(os.devnull, os.O_WRONLY)

    def spin():
        until = time.perf_counter() + 0.1
        while time.perf_counter() < until:
            pass

    while True:
        order = os.read(orders, 1)
        if not order:
            os._exit(0)
        if order == b"w":
            for _ in range(GIL_WRITES):
                os.write(null, b"x")
        elif order == b"h":
            ways.long_sum(1)
        elif order == b"c":
            ways.crowd(1.5)
        else:
            threads = [threading.Thread(target=spin) for _ in range(2)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
        os.write(answers, b".")


def gil(number):
    __import__("gil")  # what workers use: none is to take the GIL for an import once it is followed
    wait()
    answers, answer = os.pipe()
    pipes = []
    for _ in range(number):
        read, write = os.pipe()
        if os.fork() == 0:
            for other in pipes + [write]:
                os.close(other)
            gil_worker(read, answer)
        os.close(read)
        pipes.append(write)
    print("serving", flush=True)
    for line in sys.stdin:
        for write in pipes:
            os.write(write, line[:1].encode())
        for _ in pipes:
            os.read(answers, 1)
        print("served", flush=True)
    for write in pipes:
        os.close(write)
    for write in pipes:
        os.wait()


MODES = {"prefork": (prefork, 500), "pool": (pool, 2000), "spawn": (lambda n: pool(n, "spawn"), 2000), "shell": (shell, 500), "short": (short, 100),
         "become": (become, 500), "became": (became, 500), "serve": (serve, 200), "gil": (gil, 4)}

if __name__ == "__main__":
    run, number = MODES[sys.argv[1]]
    run(int(sys.argv[2]) if len(sys.argv) > 2 else number)
