"""Makes, calls and frees functions on command, and calls no other Python function meanwhile: what is counted is what was commanded.

Prints "waiting PID" and then obeys lines on standard input, answering each with one line:

    make NAME COUNT [PAD]   functions NAME_00000 … of file "obey-NAME.py", each with PAD more letters in its name    made COUNT REUSED
                            (and one call of that file's <module>); REUSED: how many lie where a freed one lay
    run NAME TIMES          calls each so often                                                                      ran CALLS
    threads NAME TIMES N    the same by N threads at once (and N calls of work)                                      ran CALLS
    free NAME               frees them                                                                               freed COUNT
    exit CODE               ends at once (os._exit)
"""
import _thread
import os
import sys

made, addresses, freed = {}, {}, set()


def work(functions, times, done):
    for _ in times:
        for function in functions:
            function()
    done.release()


sys.setswitchinterval(1e-4)
print("waiting", os.getpid(), flush=True)
pending = b""
while True:
    while b"\n" not in pending:
        more = os.read(0, 4096)
        if not more:
            os._exit(0)
        pending += more
    line, _, pending = pending.partition(b"\n")
    word = line.decode("ascii").split()
    if word[0] == "make":
        name, count, pad = word[1], int(word[2]), "x" * int((word + ["0"])[3])
        text = ""
        for i in range(count):
            text += "def %s_%05d%s(): pass\n" % (name, i, pad)
        namespace = {}
        exec(compile(text, "obey-%s.py" % name, "exec"), namespace)
        made[name], addresses[name], reused = [], set(), 0
        for i in range(count):
            function = namespace["%s_%05d%s" % (name, i, pad)]
            made[name].append(function)
            addresses[name].add(id(function.__code__))
            reused += id(function.__code__) in freed
        namespace.clear()  # else they and it hold each other
        del function
        print("made", count, reused, flush=True)
    elif word[0] == "run":
        times = range(int(word[2]))
        for function in made[word[1]]:
            for _ in times:
                function()
        del function
        print("ran", len(made[word[1]]) * len(times), flush=True)
    elif word[0] == "threads":
        times, locks = range(int(word[2])), []
        for _ in range(int(word[3])):
            locks.append(_thread.allocate_lock())
            locks[-1].acquire()
            _thread.start_new_thread(work, (made[word[1]], times, locks[-1]))
        for lock in locks:
            lock.acquire()
        print("ran", len(made[word[1]]) * len(times) * len(locks), flush=True)
    elif word[0] == "free":
        freed |= addresses.pop(word[1])
        print("freed", len(made.pop(word[1])), flush=True)
    elif word[0] == "exit":
        os._exit(int(word[1]))
