"""A made-up shop: `busy.py [SECONDS]` (3600) runs threads whose functions are called at different rates, with generators and coroutines among them.

Prints "running PID" once all threads run. For screens, not for exact counts: it sleeps between requests and leaves most of a core alone.
"""
import asyncio
import json
import os
import random
import sys
import threading
import time

CATALOGUE = {n: {"id": n, "name": "article %d" % n, "cents": 100 + n * 37 % 900, "tags": ["tag%d" % (n % k) for k in (2, 3, 5)]} for n in range(200)}
stop = threading.Event()


class Cart:
    def __init__(self, customer):
        self.customer = customer
        self.lines = []

    def add(self, article, amount):
        self.lines.append((article, amount))

    @property
    def total(self):
        return sum(price(article, amount) for article, amount in self.lines)


def price(article, amount):
    return discount(article["cents"] * amount, amount)


def discount(cents, amount):
    return cents * 95 // 100 if amount > 2 else cents


def search(word):
    for article in CATALOGUE.values():
        if matches(article, word):
            yield article


def matches(article, word):
    return word in article["name"] or word in article["tags"]


def session(token):
    return checksum(token) % 1000


def checksum(text):
    value = 7
    for letter in text:
        value = mix(value, letter)
    return value


def mix(value, letter):
    return (value * 31 + ord(letter)) & 0xFFFFFFFF


class Handler:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.served = 0

    def handle(self, path):
        self.served += 1
        customer = session("token-%d" % self.random.randrange(1000))
        cart = Cart(customer)
        for article in self.pick():
            cart.add(article, self.random.randrange(1, 5))
        return self.render({"path": path, "customer": customer, "total": cart.total})

    def pick(self):
        for article in search("tag%d" % self.random.randrange(3)):
            if self.random.random() < 0.1:
                yield article

    def render(self, answer):
        return json.dumps(answer)


def worker(seed):
    handler = Handler(seed)
    while not stop.is_set():
        handler.handle("/cart")
        if handler.served % 20 == 0:
            time.sleep(0.02 + 0.01 * seed)


def reindex():
    while not stop.is_set():
        words = {}
        for article in CATALOGUE.values():
            for tag in article["tags"]:
                words.setdefault(tag, []).append(article["id"])
        compact(words)
        stop.wait(0.5)


def compact(words):
    return {word: sorted(ids, key=rank) for word, ids in words.items()}


def rank(n):
    return n * 17 % 101


async def poll(interval):
    while not stop.is_set():
        await asyncio.sleep(interval)
        await publish(interval)


async def publish(interval):
    for _ in range(3):
        await asyncio.sleep(0)


async def notify():
    await asyncio.gather(poll(0.01), poll(0.05), poll(0.2))


def main(seconds):
    jobs = [("worker-%d" % n, worker, (n,)) for n in range(1, 4)] + [("reindex", reindex, ()), ("notify", lambda: asyncio.run(notify()), ())]
    threads = [threading.Thread(target=target, args=args, name=name, daemon=True) for name, target, args in jobs]
    for thread in threads:
        thread.start()
    print("running", os.getpid(), flush=True)
    try:
        time.sleep(seconds)
    except KeyboardInterrupt:
        pass
    stop.set()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 3600)
