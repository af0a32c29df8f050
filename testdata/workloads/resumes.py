"""Generators and coroutines: two resumes a call, with little work between. Commands: rounds.py."""
from rounds import serve


class Pause:
    __slots__ = ()

    def __await__(self):
        yield


PAUSE = Pause()


def pair(n):
    yield n
    yield n


def scale(n):
    return n * 2


def numbers(n):
    for i in range(n):
        yield i if i % 3 else scale(i)


async def fetch():
    for _ in range(4):
        await PAUSE


def drive(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration:
        pass


def run(n):
    for _ in range(n):
        for _ in numbers(22):
            pass
        drive(fetch())
        list(pair(1))
        list(pair(2))


# A round, in calls + resumes: numbers 1 + 22, scale 8, drive 1, fetch 1 + 4, __await__ 4 + 4, pair 2 + 4.
CALLS, RESUMES = 17, 34

if __name__ == "__main__":
    serve(run, CALLS, RESUMES)
