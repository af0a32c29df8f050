package live_test

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"pytop/bpf"
	"pytop/collect"
)

// together sums the calls of each function over all processes.
func together(r *collect.Reading) map[rowKey]counts {
	sums := map[rowKey]counts{}
	for _, c := range r.Codes {
		key := rowKey{c.Code.File, c.Code.Function, c.Code.Line}
		sum := sums[key]
		sum.add(counts{c.Calls, c.Resumes})
		sums[key] = sum
	}
	return sums
}


// TestFamily: what descendants call is counted from their first call, however
// they came to be, also of those that live for less than a reading.
func TestFamily(t *testing.T) {
	needRoot(t)
	for _, p := range some(t) {
		for _, mode := range []string{"prefork", "pool", "spawn", "shell", "short 40"} {
			t.Run(p.name+"/"+strings.Fields(mode)[0], func(t *testing.T) {
				t.Parallel()
				dir := p.workloads(t)
				w := p.start(t, append([]string{dir + "/family.py"}, strings.Fields(mode)...)...)
				s := open(t, w, Options{Children: true})
				fmt.Fprintln(w.in)
				w.in.Close()
				said := make(chan string, 1)
				go func() {
					line, _ := w.out.ReadString('\n')
					said <- line
				}()
				r := readUntilEnd(t, s, 100*time.Millisecond)
				want, _ := parseRows(t, []byte(<-said))
				got := together(r)
				for _, row := range want {
					if n := got[rowKey{row.File, row.Function, row.Line}]; n.calls != row.Calls || n.resumes != row.Resumes {
						t.Errorf("%s: %d calls and %d resumes, want %d and %d", row.Function, n.calls, n.resumes, row.Calls, row.Resumes)
					}
				}
				for _, l := range r.Lost {
					if l.Count > 0 {
						t.Errorf("lost: %d %s", l.Count, l.Text)
					}
				}
				for _, p := range append(r.Past, r.Processes...) {
					if p.Status != collect.Exact {
						t.Errorf("pid %d %q: %s: %s", p.Process.PID, p.Process.Command, p.Status, p.Reason)
					}
				}
				nothingHeld(t, s)
			})
		}
	}
}

// nothingHeld checks that of processes that have ended nothing is left but
// those that were asked for.
func nothingHeld(t testing.TB, s *Source) {
	t.Helper()
	var key bpf.ProcessKey
	var state bpf.ProcessState
	n := 0
	for it := s.maps.Processes.Iterate(); it.Next(&key, &state); n++ {
		if s.processes[key] == nil {
			t.Errorf("the map has process %d still: flags %d, build %d", key.Pid, state.Flags, state.Build)
		}
	}
	var call bpf.CallKey
	var count bpf.CallCount
	for it := s.maps.Live.Iterate(); it.Next(&call, &count); {
		if s.functions.objects[count.Id] == nil {
			t.Errorf("the map has a code object of process %d still", count.Pid)
			break
		}
	}
	s.names.mu.Lock()
	defer s.names.mu.Unlock()
	if len(s.names.known) > 0 {
		t.Errorf("%d names are kept that nobody asked for", len(s.names.known))
	}
}

// TestUnfollowed: where the kernel does not tell of forks, children are found
// by looking, and say from when on they are counted.
func TestUnfollowed(t *testing.T) {
	needRoot(t)
	t.Parallel()
	p := some(t)[0]
	w := p.start(t, p.workloads(t)+"/family.py", "serve", "3", "later")
	s := open(t, w, Options{Children: true, unfollowed: true})
	fmt.Fprintln(w.in)
	w.line(t, "serving")
	time.Sleep(1100 * time.Millisecond)
	fmt.Fprintln(w.in)
	w.line(t, "served")
	time.Sleep(100 * time.Millisecond)
	r := read(t, s)
	if len(r.Processes) != 4 {
		t.Fatalf("%d processes, want 4", len(r.Processes))
	}
	for _, p := range r.Processes[1:] {
		if p.Calls != 1 || p.Status != collect.LowerBound || !strings.Contains(p.Reason, "when it was noticed") {
			t.Errorf("pid %d: %d calls, %s: %s", p.Process.PID, p.Calls, p.Status, p.Reason)
		}
	}
	w.in.Close()
	w.Wait()
	r = readUntilEnd(t, s, 100*time.Millisecond)
	if got := r.Processes[0]; got.Status != collect.Exact {
		t.Errorf("the parent: %s: %s", got.Status, got.Reason)
	}
}

// TestChildrenPay: without Children, those who inherit the breakpoints are not
// counted, and it is said how many they are.
func TestChildrenPay(t *testing.T) {
	needRoot(t)
	t.Parallel()
	p := some(t)[0]
	w := p.start(t, p.workloads(t)+"/family.py", "serve", "3", "later")
	s := open(t, w, Options{})
	fmt.Fprintln(w.in)
	w.line(t, "serving")
	r := read(t, s)
	if got := r.Processes[0]; len(r.Processes) != 1 || got.Payers != 3 || got.Status != collect.Exact {
		t.Errorf("%d processes, %d pay, %s", len(r.Processes), got.Payers, got.Status)
	}
	if !strings.Contains(r.Probes[0].Reason, "3 children have inherited the breakpoints") {
		t.Errorf("the probe says %q", r.Probes[0].Reason)
	}
	fmt.Fprintln(w.in)
	w.line(t, "served")
	r, _ = finish(t, s, w)
	for key, n := range together(r) {
		if key.function == "once" {
			t.Errorf("%d calls of children were counted", n.calls)
		}
	}
	if r.Processes[0].Payers != 0 {
		t.Errorf("%d pay after all have ended", r.Processes[0].Payers)
	}
}

// TestForkedLater: what is forked after a process was let go is attached to by
// itself when it is noticed; what ended before that is said, and not exact.
func TestForkedLater(t *testing.T) {
	needRoot(t)
	p := some(t)[0]
	const program = `import os, sys, time
def f(): pass
def fork(then):
    if os.fork() == 0:
        then()
        os._exit(0)
def spin():
    end = time.monotonic() + 25
    while time.monotonic() < end:
        for i in range(1000): f()
def few():
    for i in range(100): f()
def stay():
    os.close(tell)
    few()
    os.write(called, b"x")
    os.read(go, 1)
    few()
    os.read(go, 1)
go, tell = os.pipe()
waits, called = os.pipe()
print("waiting", flush=True)
for line in sys.stdin:
    if line == "short\n":
        for n in range(5):
            fork(few)
            os.wait()
    elif line == "go\n":
        os.write(tell, b"x")
    elif line == "spin\n":
        fork(spin)
    else:
        fork(stay)
        os.read(waits, 1)
    print("did", flush=True)
`
	w := begin(t, p.command("-c", program))
	s, err := Open(Options{PIDs: []int{w.Process.Pid}, Children: true, Budget: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w.obey(t, "spin", "did")
	r := until(t, s, func(r *collect.Reading) string {
		for _, p := range workers(r, w.Process.Pid) {
			if p.OverBudget {
				return ""
			}
		}
		return "nothing is over the budget"
	})
	dear := workers(r, w.Process.Pid)[0].Process.PID
	defer syscall.Kill(dear, syscall.SIGKILL)
	w.obey(t, "short", "did")
	r = read(t, s)
	short := 0
	for _, p := range r.Processes {
		if p.Process.PID == dear || p.Process.PID == w.Process.Pid {
			continue
		}
		if short++; p.Calls != 0 || p.Status != collect.Off || !strings.Contains(p.Reason, "it ended before it was attached to") {
			t.Errorf("%d calls, %s: %s", p.Calls, p.Status, p.Reason)
		}
	}
	if got := r.Probes[0].Status; got != collect.ProbeOn {
		t.Errorf("the probe is %s, though it counts others", got)
	}
	if short != 5 {
		t.Errorf("%d processes that have ended, want 5", short)
	}
	w.obey(t, "stay", "did")
	until(t, s, func(r *collect.Reading) string {
		if want := "5 processes ended before they were attached to"; !strings.Contains(r.Probes[0].Reason, want) {
			t.Errorf("the probe says %q", r.Probes[0].Reason)
		}
		for _, p := range workers(r, w.Process.Pid) {
			if p.Process.PID != dear && p.Counted > 0 {
				if p.Status != collect.LowerBound || !strings.Contains(p.Reason, "when it was noticed") {
					t.Errorf("%s: %s", p.Status, p.Reason)
				}
				return ""
			}
		}
		return "what stays is not attached to"
	})
	before := calls(read(t, s))["f"]
	w.obey(t, "go", "did")
	until(t, s, func(r *collect.Reading) string {
		if n := calls(r)["f"] - before; n != 100 {
			return fmt.Sprintf("%d calls, want 100", n)
		}
		return ""
	})
}

// someFollowed checks that of processes that ended those that lived long enough
// had their GIL followed, and that the others say that it was not.
func someFollowed(t testing.TB, r *collect.Reading) {
	t.Helper()
	followed, not := 0, 0
	var wrong []string
	for _, p := range append(r.Past, r.Processes...) {
		switch {
		case p.GIL.Status != collect.GILOff && p.GIL.Measured > 0:
			followed++
		case p.GIL.Status == collect.GILOff && p.GIL.Reason == "it ended before it was followed" && p.GIL.Measured == 0:
			not++
		default:
			wrong = append(wrong, fmt.Sprintf("pid %d: %+v", p.Process.PID, p.GIL))
		}
	}
	if len(wrong) > 0 {
		t.Errorf("%d are neither followed nor not, as %s", len(wrong), wrong[0])
	}
	if text := numbered(not, "process ended before its GIL was followed", "processes ended before their GIL was followed"); followed < 50 || not > 0 && !strings.Contains(r.Probes[1].Reason, text) {
		t.Errorf("%d were followed, %d were not; the probe says %q", followed, not, r.Probes[1].Reason)
	}
	t.Logf("the GIL of %d processes was followed, of %d it was not", followed, not)
}

// TestManyShort: processes come and go by the hundreds; what is held of them
// comes back.
func TestManyShort(t *testing.T) {
	needRoot(t)
	p := some(t)[0]
	number := 1000
	w := p.start(t, p.workloads(t)+"/family.py", "short", fmt.Sprint(number), "linger")
	s := open(t, w, Options{Children: true, GIL: true})
	memory := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	read(t, s)
	goroutines, held := runtime.NumGoroutine(), memory()
	maps := s.maps.Memory()
	_, links := descriptors(t)
	fmt.Fprintln(w.in)
	began := time.Now()
	var most, mostMaps uint64
	r := read(t, s)
	for !r.Final {
		time.Sleep(300 * time.Millisecond)
		r = read(t, s)
		most, mostMaps = max(most, memory()), max(mostMaps, r.Self.Maps)
		if time.Since(began) > 60*time.Second {
			t.Fatal("too long")
		}
	}
	row := w.line(t, "{")
	want, _ := parseRows(t, []byte(row))
	if got := together(r)[rowKey{want[0].File, want[0].Function, want[0].Line}]; got.calls != want[0].Calls {
		t.Errorf("%d calls, want %d", got.calls, want[0].Calls)
	}
	if n := len(r.Past) + len(r.Processes) - 1; n != number {
		t.Errorf("%d processes ended, want %d", n, number)
	}
	if n := s.functions.ended; n > 200 { // they all run the same program: some 160 functions, whatever their number
		t.Errorf("%d functions of processes that ended are kept", n)
	}
	nothingHeld(t, s)
	noGILHeld(t, s)
	someFollowed(t, r)
	if n := runtime.NumGoroutine(); n > goroutines+2 {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	for _, p := range s.order { // of those whose end the last reading shows
		if !p.asked && p.gil != nil {
			links += 2 * len(p.gil.links) // a link tells its program too
		}
	}
	_, n := descriptors(t)
	for deadline := time.Now().Add(10 * time.Second); n != links && time.Now().Before(deadline); _, n = descriptors(t) {
		time.Sleep(10 * time.Millisecond) // the last are closed beside
	}
	if n != links {
		t.Errorf("%d maps, programs and links, %d before", n, links)
	}
	after, afterMaps := memory(), s.maps.Memory()
	t.Logf("%d processes in %v: heap %d KiB before, %d at most, %d after; maps %d KiB before, %d at most, %d after; %d goroutines, %d before; %d functions, %d of them of the ended together",
		number, time.Since(began).Round(time.Millisecond), held>>10, most>>10, after>>10, maps>>10, mostMaps>>10, afterMaps>>10, runtime.NumGoroutine(), goroutines, len(s.functions.all), s.functions.ended)
}

// TestRejoin: those that share their breakpoints with a process that was let
// go, too many to have their own, are counted again when it has ended.
func TestRejoin(t *testing.T) {
	needRoot(t)
	p := some(t)[0]
	const program = `import os, sys, time
def f(): pass
def spin():
    end = time.monotonic() + 25
    while time.monotonic() < end:
        for i in range(1000): f()
def once(): pass
pipes = []
def worker():
    read, write = os.pipe()
    if os.fork() == 0:
        for other in pipes + [write]: os.close(other)
        while os.read(read, 1): once()
        os._exit(0)
    os.close(read)
    pipes.append(write)
print("waiting", flush=True)
for line in sys.stdin:
    if line == "fork\n":
        for n in range(40): worker()
    elif line == "spin\n":
        dear = os.fork()
        if dear == 0: spin()
    elif line == "kill\n":
        os.kill(dear, 9)
        os.waitpid(dear, 0)
    else:
        for write in pipes: os.write(write, b"x")
    print("did", flush=True)
`
	w := begin(t, p.command("-c", program))
	s, err := Open(Options{PIDs: []int{w.Process.Pid}, Children: true, Budget: 0.3})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w.obey(t, "fork", "did")
	w.obey(t, "once", "did")
	until(t, s, func(r *collect.Reading) string {
		if n := calls(r)["once"]; n != 40 {
			return fmt.Sprintf("%d calls, want 40", n)
		}
		return ""
	})
	w.obey(t, "spin", "did")
	defer w.in.Close()
	off := func(r *collect.Reading) (n int) {
		for _, p := range workers(r, w.Process.Pid) {
			if p.Status == collect.Off {
				n++
			}
		}
		return n
	}
	until(t, s, func(r *collect.Reading) string {
		if n := off(r); n != 41 {
			return fmt.Sprintf("%d are let go, want 41", n)
		}
		return ""
	})
	w.obey(t, "kill", "did")
	r := until(t, s, func(r *collect.Reading) string {
		if n := off(r); n != 0 {
			return fmt.Sprintf("%d are not counted still", n)
		}
		return ""
	})
	for _, p := range workers(r, w.Process.Pid) {
		if p.Status != collect.LowerBound || !strings.Contains(p.Reason, "not counted for ") {
			t.Errorf("%s: %s", p.Status, p.Reason)
		}
	}
	w.obey(t, "once", "did")
	until(t, s, func(r *collect.Reading) string {
		if n := calls(r)["once"]; n != 80 {
			return fmt.Sprintf("%d calls, want 80", n)
		}
		return ""
	})
}
