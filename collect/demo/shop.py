"""A made-up shop that takes orders: something for pytop to watch.

Three checkout threads, one that keeps the stock in step with asyncio, one
that writes the journal through generators, and one whose report now and then
holds the GIL for long. It works at a fixed pace, some 30,000 calls a second,
on Python 3.8 and later with nothing but the standard library, touches no
file and no network, and ends on SIGTERM, on Ctrl-C or with its parent.
"""
import asyncio
import functools
import json
import os
import queue
import random
import re
import signal
import sys
import threading
import time

stopping = threading.Event()
journal = queue.Queue(maxsize=1000)


class Article:
    def __init__(self, number):
        self.number = number
        self.name = "article %d" % number
        self.group = number % 12
        self.cents = 100 + number * 37 % 4900

    @property
    def price(self):
        return self.cents / 100


class Stock:
    def __init__(self, articles):
        self.lock = threading.Lock()
        self.left = [1000] * len(articles)

    def reserve(self, article, count):
        with self.lock:
            if self.left[article.number] < count:
                raise LookupError(article.name)
            self.left[article.number] -= count

    def refill(self, article, count):
        with self.lock:
            self.left[article.number] += count


class Order:
    def __init__(self, customer):
        self.customer = customer
        self.lines = []

    def add(self, article, count):
        self.lines.append((article, count))

    def total(self):
        amount = 0
        for article, count in self.lines:
            amount += line_price(article, count)
        return rounded(amount)

    def vat(self):
        return rounded(sum([vat_of(article) * count for article, count in self.lines]))


def rounded(amount):
    return int(amount * 100 + 0.5) / 100


def discount(count):
    return 0.9 if count > 3 else 1.0


def line_price(article, count):
    return rounded(article.price * count * discount(count))


@functools.lru_cache(maxsize=8)
def rate(group):
    return 0.07 if depth(group) > 2 else 0.19


def depth(group):
    return 0 if group == 0 else 1 + depth(group // 2)


def vat_of(article):
    return article.price * rate(article.group)


def basket(customer, articles):
    """Yields what a customer puts into the basket."""
    for article in customer.choices(articles, k=customer.randint(2, 12)):
        yield article, 1 + int(customer.random() * 5)


def check(order):
    if not order.lines:
        raise ValueError("an empty order")
    if min([count for _, count in order.lines]) < 1:
        raise ValueError("less than one")


def search(catalogue, word):
    """The work that is not calls: most of a real program's time."""
    return re.findall(r"\w+ " + word + r"\d costs \d+5;", catalogue)


def receipt(order):
    lines = [[article.name, count, article.cents] for article, count in order.lines]
    return json.dumps({"lines": lines * 20, "of": sorted(lines)})


def checkout(customer, articles, stock, catalogue):
    order = Order(customer)
    search(catalogue, "1")
    for article, count in basket(customer, articles):
        order.add(article, count)
    check(order)
    order.lines.sort(key=lambda line: line[0].cents)
    for article, count in order.lines:
        try:
            stock.reserve(article, count)
        except LookupError:
            stock.refill(article, 1000)
    note("sold", order.total(), order.vat(), len(receipt(order)))


def note(what, *amounts):
    try:
        journal.put_nowait((what, amounts))
    except queue.Full:
        pass


def entries():
    """Yields what is in the journal, as long as the shop is open."""
    while not stopping.is_set():
        try:
            yield journal.get(timeout=0.1)
        except queue.Empty:
            continue


def in_words(source):
    for what, amounts in source:
        yield " ".join([what] + ["%.2f" % amount for amount in amounts])


def keep_journal():
    for number, text in enumerate(in_words(entries())):
        if number % 100 == 0:
            digest(text)


def digest(text):
    value = 0
    for letter in text:
        value = step(value, letter)
    return value


def step(value, letter):
    return (value * 31 + ord(letter)) % 65521


async def ask_supplier(article):
    await asyncio.sleep(0.001)
    return article.number % 7


async def restock(article, stock):
    stock.refill(article, await ask_supplier(article))


async def sync(articles, stock):
    while not stopping.is_set():
        await asyncio.gather(*(restock(article, stock) for article in articles[:12]))
        await asyncio.sleep(0.1)


def keep_stock(articles, stock):
    asyncio.run(sync(articles, stock))


def serve(seed, articles, stock, pace):
    """Takes pace orders a second, in handfuls."""
    customer = random.Random(seed)
    catalogue = "; ".join(["%s costs %d" % (article.name, article.cents) for article in articles] * 12)
    following = time.monotonic()
    while not stopping.is_set():
        for _ in range(5):
            checkout(customer, articles, stock, catalogue)
        following = max(following + 5 / pace, time.monotonic() - 0.1)
        stopping.wait(max(0, following - time.monotonic()))


def report():
    """One regular expression over much text, during which no other thread
    can have the GIL."""
    text = "order " * 700000 + "!"
    return len(re.findall(r"(?:\w+ ){3}", text)) + len(re.findall(r"[a-z]+!", text))


def write_reports():
    while not stopping.wait(random.uniform(2, 4)):
        note("report", report())


def start(name, target, *args):
    def run():
        try:
            # Before 3.14 the kernel, and so pytop, does not hear of the name.
            with open("/proc/self/task/%d/comm" % threading.get_native_id(), "w") as comm:
                comm.write(name)
        except OSError:
            pass
        target(*args)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


def main(parent):
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    articles = [Article(number) for number in range(200)]
    stock = Stock(articles)
    threads = [start("checkout-%d" % n, serve, n, articles, stock, 40 * n) for n in (1, 2, 3)]
    threads.append(start("journal", keep_journal))
    threads.append(start("stock-sync", keep_stock, articles, stock))
    threads.append(start("report", write_reports))
    while not stopping.wait(0.25) and os.getppid() == parent:
        pass
    stopping.set()
    for thread in threads:
        thread.join(1)


main(int(sys.argv[1]) if len(sys.argv) > 1 else os.getppid())
