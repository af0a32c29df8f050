"""A mix of standard library work: tokenize, ast, json and difflib. Commands: rounds.py."""
import ast
import difflib
import io
import json
import tokenize

from rounds import serve

SOURCE = '''
import os

class Stack:
    """Last in, first out."""

    def __init__(self, items=()):
        self.items = list(items)

    def push(self, item):
        self.items.append(item)
        return len(self.items)

    def pop(self):
        if not self.items:
            raise IndexError("empty")
        return self.items.pop()


def walk(top, depth=0):
    for name in sorted(os.listdir(top)):
        path = os.path.join(top, name)
        yield depth, path
        if os.path.isdir(path) and depth < 10:
            yield from walk(path, depth + 1)


def total(values, start=0):
    return sum((value * 2 + 1 for value in values if value % 3), start)
'''
DATA = {"name": "mix", "values": list(range(30)), "nested": [{"key": str(i), "flag": i % 2 == 0, "none": None, "real": i / 7} for i in range(12)]}
OTHER = SOURCE.replace("item", "thing").replace("depth < 10", "depth < 12").splitlines()


class Names(ast.NodeVisitor):
    def __init__(self):
        self.names = []

    def visit_Name(self, node):
        self.names.append(node.id)


def hook(pairs):
    return dict(pairs)


def tokens():
    return [token.string for token in tokenize.generate_tokens(io.StringIO(SOURCE).readline)]


def tree():
    parsed = ast.parse(SOURCE)
    names = Names()
    names.visit(parsed)
    return names.names, ast.dump(parsed), ast.literal_eval(repr(DATA))


def text():
    json.dumps(DATA["nested"][:2], indent=1)
    return json.loads(json.dumps(DATA), object_pairs_hook=hook)


def difference():
    return list(difflib.unified_diff(SOURCE.splitlines(), OTHER)), difflib.get_close_matches("depth", SOURCE.split())


def run(n):
    for _ in range(n):
        tokens()
        tree()
        text()
        difference()


if __name__ == "__main__":
    serve(run)
