package inspect_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"pytop/collect"
	"pytop/collect/live/inspect"
	"pytop/collect/live/livetest"
)

// recursing is a program whose stacks are another one before they are read, and
// which all tell whether they can be: a0 calls a1 by way of step, and so on, and
// never one of the b; all are called by work.
const recursing = `import threading
def step(f):
    f()
code = ""
for letter in "ab":
    for i in range(9):
        code += f"def {letter}{i}():\n    step({letter}{i+1})\n    step({letter}{i+1})\n"
    code += f"def {letter}9():\n    pass\n"
exec(code)
def fib(n):
    return 1 if n < 2 else fib(n - 1) + fib(n - 2)
def squares(n):
    for i in range(n):
        yield i * i
def work():
    while True:
        a0()
        sum(squares(100))
        b0()
        fib(12)
for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
print("waiting", flush=True)
work()`

// dumps is how often a program is dumped; PYTOP_DUMPS is for measuring.
func dumps() int {
	if n, err := strconv.Atoi(os.Getenv("PYTOP_DUMPS")); err == nil {
		return n
	}
	return 100
}

// TestDumpRecursing: a stack that is said to be whole is one that there can be.
func TestDumpRecursing(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.Sample(t) {
		t.Run(p.Name, func(t *testing.T) {
			w := livetest.Begin(t, p.Command("-c", recursing))
			whole, torn, none, holders, wholeHolders := 0, 0, 0, 0, 0
			for range dumps() {
				d, err := inspect.Dump(w.Process.Pid)
				if err != nil {
					t.Fatal(err)
				}
				for _, one := range d.Threads {
					if one.HoldsGIL && one.WaitsForGIL {
						t.Errorf("%d has the GIL and waits for it", one.TID)
					}
					isWhole := len(one.Stack) > 0 && !one.Torn
					if one.HoldsGIL {
						if holders++; isWhole {
							wholeHolders++
						}
					}
					switch {
					case isWhole:
						if whole++; !possible(one.Stack) {
							t.Errorf("said to be whole: %s", functionsOf(one.Stack))
						}
					case len(one.Stack) > 0:
						torn++
					default:
						if none++; one.Reason == "" {
							t.Errorf("no stack and no reason: %+v", one)
						}
					}
				}
			}
			counts := fmt.Sprintf("%d whole, %d torn, %d none; %d of %d that had the GIL whole", whole, torn, none, wholeHolders, holders)
			if whole == 0 || holders > 0 && whole < torn+none { // of three threads two wait for the GIL, if there is one
				t.Error(counts)
			}
			t.Log(counts)
		})
	}
}

func functionsOf(stack []collect.Place) string {
	var list []string
	for _, p := range stack {
		list = append(list, p.Function)
	}
	return strings.Join(list, " ")
}

// possible tells whether the program can have a stack. From 3.11 on functions
// have qualified names.
func possible(stack []collect.Place) bool {
	at := len(stack)
	next := func() string {
		if at--; at < 0 {
			return ""
		}
		return stack[at].Function[strings.LastIndex(stack[at].Function, ".")+1:]
	}
	begin := []string{"_bootstrap", "_bootstrap_inner", "run", "work"}
	first := next()
	if first == "<module>" {
		begin = []string{"<module>", "work"}
	}
	for i, want := range begin {
		if i > 0 {
			first = next()
		}
		if first != want {
			return at < 0 && i > 0 // it has not come that far
		}
	}
	switch first = next(); first {
	case "":
		return true
	case "squares":
		return next() == ""
	case "fib":
		depth := 1
		for ; next() == "fib"; depth++ {
		}
		return at < 0 && depth <= 12
	case "a0", "b0":
		for i := 1; i <= 9; i++ {
			if step := next(); step != "step" {
				return step == ""
			}
			if one := next(); one != fmt.Sprint(first[:1], i) {
				return one == ""
			}
		}
		return next() == ""
	}
	return false
}
