"""A loop of empty calls, one a round: what a counted call costs at the least. Commands: rounds.py."""
from rounds import serve


def empty():
    pass


def run(n):
    call = empty
    for _ in range(n):
        call()


if __name__ == "__main__":
    serve(run, calls=1, resumes=0)
