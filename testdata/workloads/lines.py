"""Says which line each instruction of some modules of the standard library is on: one JSON object a code object. Runs from 3.8 on.

{"table": the table as hex, "first": its first line, "lines": [[offset in bytes, line or 0 for none], …] where it changes}
"""
import dis
import importlib
import json
import sys

MODULES = ["argparse", "ast", "asyncio.base_events", "collections", "dataclasses", "inspect", "json.decoder", "subprocess", "typing", "unittest.case"]


def codes(code):
    yield code
    for one in code.co_consts:
        if hasattr(one, "co_code"):
            yield from codes(one)


def lines(code):
    if hasattr(code, "co_lines"):
        return [[begin, line or 0] for begin, end, line in code.co_lines() if end > begin]
    return [list(pair) for pair in dis.findlinestarts(code)]


for name in MODULES:
    source = importlib.import_module(name).__file__
    with open(source, encoding="utf-8") as file:
        whole = compile(file.read(), source, "exec")
    for code in codes(whole):
        table = code.co_linetable if hasattr(code, "co_linetable") else code.co_lnotab
        print(json.dumps({"table": table.hex(), "first": code.co_firstlineno, "size": len(code.co_code), "lines": lines(code)}))
