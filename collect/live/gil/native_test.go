package gil

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
	"pytop/collect/live/livetest"
	"pytop/collect/site"
)

// longest is the longest hold that was kept.
func longest(t *testing.T, s *source) (longest collect.LongHold) {
	t.Helper()
	for _, g := range livetest.Read(t, s).GILs {
		for _, h := range g.LongHolds {
			if h.Lasted > longest.Lasted {
				longest = h
			}
		}
	}
	return longest
}

// sampled lets a way of gil.py hold the GIL once, and returns what was seen of it.
func sampled(t *testing.T, p livetest.Python, way string) (collect.LongHold, *source) {
	t.Helper()
	w, s := follow(t, p, way, "1")
	once(t, w)
	h := longest(t, s)
	if n := h.Native; n.Reason != "" || n.Lost != 0 || n.Ran.Hits > n.Ran.Looks || n.Slept.Hits > n.Slept.Looks {
		t.Errorf("%+v", h)
	}
	livetest.Await(t, "no perf event is open", func() bool { return perfEvents(t) == 0 })
	return h, s
}

// perfEvents is how many perf events this process has open, and has mapped.
func perfEvents(t *testing.T) (n int) {
	t.Helper()
	list, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range list {
		if to, err := os.Readlink(name); err == nil && to == "anon_inode:[perf_event]" {
			n++
		}
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return n + strings.Count(string(maps), "anon_inode:[perf_event]")
}

// TestNative: a long hold in the engine of regular expressions. The function
// is named where the file has symbols, and else told apart from others; its
// callers are known where the build keeps frame pointers.
func TestNative(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		t.Run(p.Name, func(t *testing.T) {
			h, s := sampled(t, p, "match")
			n := h.Native.Ran
			t.Logf("%v: %+v", h.Lasted, n)
			if most := int(h.Lasted/looksPeriod) + 2; n.Looks < 5 || n.Looks > most {
				t.Fatalf("%d samples of a hold of %v", n.Looks, h.Lasted)
			}
			b := s.first().build()
			leaf := n.Stack[0]
			if leaf.Module != b.Name {
				t.Errorf("in %s, not in %s", leaf.Module, b.Name)
			}
			if _, symbols := b.ELF.Section(".symtab"); symbols && !strings.Contains(strings.ToLower(leaf.Symbol), "sre_") || leaf.Symbol == "" && leaf.Start == 0 {
				t.Errorf("in %+v", leaf)
			}
			if site.KeepsFramePointers(b.ELF) {
				if len(n.Stack) < 4 {
					t.Errorf("%d functions of a build with frame pointers", len(n.Stack))
				}
			} else if len(n.Stack) != 1 || !n.Cut {
				t.Errorf("%d functions of a build without frame pointers, cut %v", len(n.Stack), n.Cut)
			}
		})
	}
}

// TestNativeMain: with frame pointers the stack leads to where the program began.
func TestNativeMain(t *testing.T) {
	livetest.NeedRoot(t)
	tried := 0
	for _, p := range livetest.WithGIL(t) {
		if !strings.Contains(p.Name, "debian-sid-3.15") {
			continue
		}
		tried++
		t.Run(p.Name, func(t *testing.T) {
			h, _ := sampled(t, p, "main")
			if !slices.ContainsFunc(h.Native.Ran.Stack, func(f collect.NativeFrame) bool { return f.Symbol == "Py_BytesMain" }) {
				t.Errorf("%+v", h)
			}
		})
	}
	if tried == 0 {
		t.Log("no build with frame pointers is here: make pythons")
	}
}

// TestNativeAsleep: a hold that sleeps in the kernel is seen where it sleeps.
func TestNativeAsleep(t *testing.T) {
	livetest.NeedRoot(t)
	for _, p := range livetest.WithGIL(t) {
		t.Run(p.Name, func(t *testing.T) {
			h, _ := sampled(t, p, "asleep")
			n := h.Native.Slept
			if n.Looks < 2 || n.Hits < n.Looks/2 || !n.Cut || len(n.Stack) != 1 {
				t.Fatalf("%+v", h)
			}
			// Since glibc 2.41 all system calls that can be cancelled are made in
			// one function, which has no symbol.
			if f := n.Stack[0]; !strings.HasPrefix(f.Module, "libc") || !strings.Contains(f.Symbol, "nanosleep") && (f.Symbol != "" || f.Start == 0) {
				t.Errorf("%+v", h)
			}
		})
	}
}

// TestNativeEnd: whatever ends while a thread is sampled, no event stays open.
func TestNativeEnd(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.WithGIL(t)[0]
	for name, end := range map[string]func(w *livetest.Workload, s *source) error{
		"process": func(w *livetest.Workload, _ *source) error { return w.Process.Kill() },
		"detach":  func(_ *livetest.Workload, s *source) error { return s.Detach("braked") },
		"close":   func(_ *livetest.Workload, s *source) error { return s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			w, s := follow(t, p, "sum", "60")
			defer w.Process.Kill()
			w.In.Write([]byte("go\n"))
			livetest.Await(t, "samples", func() bool { return longest(t, s).Native.Ran.Looks > 0 })
			if perfEvents(t) != 2 { // a descriptor and a mapping
				t.Errorf("%d perf events while it is sampled", perfEvents(t))
			}
			if err := end(w, s); err != nil {
				t.Fatal(err)
			}
			livetest.Await(t, "no perf event is open", func() bool { return perfEvents(t) == 0 })
		})
	}
}

// TestNativeInTheMiddle: a hold that pytop finds when it comes is sampled, too.
func TestNativeInTheMiddle(t *testing.T) {
	livetest.NeedRoot(t)
	p := livetest.WithGIL(t)[0]
	w := p.Start(t, p.Workloads(t)+"/gil.py", "main", "60")
	defer w.Process.Kill()
	w.In.Write([]byte("go\n"))
	time.Sleep(time.Second) // by far longer than it takes to find out how long a second is
	s := open(t, w, live.Options{Probes: onlyGIL})
	livetest.Await(t, "samples", func() bool { return longest(t, s).Native.Ran.Looks > 0 })
	if h := longest(t, s); h.TID != w.Process.Pid || len(h.Stack) == 0 {
		t.Errorf("%+v", h)
	}
}
