package live_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pytop/collect"
)

// insideEnv is set where the test runs in a PID namespace of its own.
const insideEnv = "PYTOP_TEST_INSIDE"

// inside runs a test again in its own PID and mount namespaces, where it sees
// its own processes only: All then watches no other's. True there.
func inside(t *testing.T) bool {
	t.Helper()
	needRoot(t)
	if os.Getenv(insideEnv) == t.Name() {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
			t.Fatal(err)
		}
		return true
	}
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1", "-test.timeout=60s")
	c.Env = append(os.Environ(), insideEnv+"="+t.Name())
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	said, err := c.CombinedOutput()
	t.Logf("%s", said)
	if err != nil {
		t.Error(err)
	}
	return false
}

// own is a copy of the machine's interpreter: a file that nobody else runs.
func own(t *testing.T) python {
	t.Helper()
	p := pythons(t)[0]
	real, err := filepath.EvalSymlinks(p.path)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(real)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "bin")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p.path = filepath.Join(dir, filepath.Base(real))
	if err := os.WriteFile(p.path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	p.home = filepath.Dir(filepath.Dir(real))
	return p
}

func openAll(t *testing.T, unfollowed bool) *Source {
	t.Helper()
	s, err := Open(Options{All: true, unfollowed: unfollowed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestTwoHundred: 200 processes of a file cost about what one does.
func TestTwoHundred(t *testing.T) {
	if !inside(t) {
		return
	}
	p := own(t)
	attach := func(number int) (took time.Duration, memory uint64) {
		w := p.start(t, p.workloads(t)+"/family.py", "serve", fmt.Sprint(number))
		began := time.Now()
		s := openAll(t, false)
		took = time.Since(began)
		r := read(t, s)
		if len(r.Processes) != number+1 {
			t.Errorf("%d processes, want %d", len(r.Processes), number+1)
		}
		fmt.Fprintln(w.in)
		for range 3 {
			fmt.Fprintln(w.in)
			w.line(t, "served")
		}
		var n uint64
		for deadline := time.Now().Add(2 * time.Second); n != uint64(3*number) && time.Now().Before(deadline); {
			r, n = read(t, s), 0
			for key, c := range together(r) {
				if key.function == "once" {
					n += c.calls
				}
			}
		}
		if n != uint64(3*number) {
			t.Errorf("%d calls, want %d", n, 3*number)
		}
		for _, p := range r.Processes {
			if p.Status != collect.Exact {
				t.Errorf("pid %d: %s %s", p.Process.PID, p.Status, p.Reason)
			}
		}
		began = time.Now()
		read(t, s)
		reading := time.Since(began)
		began = time.Now()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		t.Logf("%d processes: ready after %v, a reading takes %v, closing %v; maps %d KiB, pytop %d MiB",
			number+1, took.Round(time.Millisecond), reading.Round(100*time.Microsecond), time.Since(began).Round(time.Millisecond), r.Self.Maps>>10, r.Self.Memory>>20)
		w.in.Close()
		w.Wait()
		return took, r.Self.Maps
	}
	attach(1) // what is found out once
	one, _ := attach(1)
	many, _ := attach(200)
	if many > 2*one+200*time.Millisecond {
		t.Errorf("attaching took %v for 201 processes, %v for 2", many, one)
	}
}

// TestAll: a process that starts later is counted from its first call; so are
// those that end before anybody looks.
func TestAll(t *testing.T) {
	if !inside(t) {
		return
	}
	for _, unfollowed := range []bool{false, true} {
		t.Run(fmt.Sprintf("unfollowed=%v", unfollowed), func(t *testing.T) { testAll(t, unfollowed) })
	}
}

// testAll is TestAll with what the kernel tells, and without.
func testAll(t *testing.T, unfollowed bool) {
	p := own(t)
	w := p.start(t, p.workloads(t)+"/family.py", "short", "50")
	s := openAll(t, unfollowed)
	fmt.Fprintln(w.in)
	row := w.line(t, "{")
	w.Wait()
	want, _ := parseRows(t, []byte(row))
	read(t, s)
	r := read(t, s)
	if unfollowed { // who has ended is seen after a reading, and told in the next
		r = read(t, s)
	}
	if got := together(r)[rowKey{want[0].File, want[0].Function, want[0].Line}]; got.calls != want[0].Calls {
		t.Errorf("%d calls, want %d", got.calls, want[0].Calls)
	}
	if len(r.Past) != 51 || len(r.Processes) != 0 {
		t.Errorf("%d processes ended and %d run, want 51 and none", len(r.Past), len(r.Processes))
	}
	if command := r.Past[len(r.Past)-1].Process.Command; !strings.Contains(command, p.path) {
		t.Errorf("the command is %q", command)
	}
	nothingHeld(t, s)
}

// TestReuse: a process gets the number of one that has just ended, between two
// readings; each has its own calls.
func TestReuse(t *testing.T) {
	if !inside(t) {
		return
	}
	p := own(t)
	p.start(t, p.workloads(t)+"/family.py", "serve", "0") // its file is known from then on
	s := openAll(t, false)
	run := func(times int) int {
		c := p.command("-S", "-c", fmt.Sprintf("def f():\n    pass\nfor n in range(%d):\n    f()", times))
		if err := c.Run(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Millisecond) // start times are told to 10 ms
		return c.Process.Pid
	}
	pid := run(10)
	for _, times := range []int{7, 5} {
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(strconv.Itoa(pid-1)), 0); err != nil {
			t.Fatal(err)
		}
		if again := run(times); again != pid {
			t.Fatalf("pid %d, want %d", again, pid)
		}
	}
	r := read(t, s)
	var got []uint64
	for _, c := range r.Codes {
		if c.Code.Function == "f" {
			got = append(got, c.Calls)
			if c.Code.PID != pid {
				t.Errorf("a function of pid %d, want %d", c.Code.PID, pid)
			}
		}
	}
	slices.Sort(got)
	if fmt.Sprint(got) != "[5 7 10]" {
		t.Errorf("f was called %v, want 10, 7 and 5 by three processes", got)
	}
	snapshot := collect.Diff(nil, r, 1)
	if len(snapshot.Processes) != 4 {
		t.Errorf("%d processes", len(snapshot.Processes))
	}
	read(t, s)
	nothingHeld(t, s)
}

// TestFromOutside: a process in PID and mount namespaces of its own, whose
// file has been deleted meanwhile, is counted, under our PID, with its own
// beside it.
func TestFromOutside(t *testing.T) {
	needRoot(t)
	t.Parallel()
	p := own(t)
	c := p.command(p.workloads(t) + "/obey.py")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS}
	w := begin(t, c)
	if err := os.Remove(p.path); err != nil {
		t.Fatal(err)
	}
	s := open(t, w, Options{})
	w.obey(t, "make a 10", "made")
	w.obey(t, "run a 3", "ran")
	r := read(t, s)
	family(t, r, "a", 10, 3)
	if got := r.Processes[0]; got.Process.PID != c.Process.Pid || got.Process.OwnPID != 1 || got.Status != collect.Exact {
		t.Errorf("pid %d, own pid %d, %s", got.Process.PID, got.Process.OwnPID, got.Status)
	}
}

// TestUnwatchable: one that is no Python, and one that is not there, do not
// stop the rest; each says why.
func TestUnwatchable(t *testing.T) {
	needRoot(t)
	t.Parallel()
	w := obeying(t, some(t)[0])
	s, err := Open(Options{PIDs: []int{os.Getpid(), w.Process.Pid, 1 << 21}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w.obey(t, "make a 10", "made")
	w.obey(t, "run a 3", "ran")
	r := read(t, s)
	family(t, r, "a", 10, 3)
	var said []string
	for _, p := range r.Processes {
		said = append(said, string(p.Status)+" "+p.Reason)
	}
	if text := strings.Join(said, "\n"); len(said) != 3 || !strings.Contains(text, "not a Python") && !strings.Contains(text, "no CPython") && !strings.Contains(text, "not a CPython") || !strings.Contains(text, "no such process") {
		t.Errorf("the processes say:\n%s", text)
	}
	w.in.Close()
	w.Wait()
	if r := last(t, s); !strings.Contains(r.EndReason, fmt.Sprint(w.Process.Pid)) {
		t.Errorf("the end says %q", r.EndReason)
	}
}

// TestBecome: another CPython is exec'd in the same process. It is noticed at
// once, not at the next reading, and what it calls from then on is counted.
func TestBecome(t *testing.T) {
	needRoot(t)
	from := pythons(t)[0]
	for _, to := range pythons(t)[1:] {
		if to.chroot != "" || to.path == "" {
			continue
		}
		t.Run(to.name, func(t *testing.T) {
			t.Parallel()
			c := from.command(from.workloads(t)+"/family.py", "become")
			c.Env = append(c.Env, "BECOME="+to.path)
			w := begin(t, c)
			s := open(t, w, Options{})
			fmt.Fprintln(w.in)
			w.line(t, "became")
			attached := false // without any reading
			for deadline := time.Now().Add(10 * time.Second); !attached && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
				s.mu.Lock()
				attached = s.order[0].note != ""
				s.mu.Unlock()
			}
			r, said := finish(t, s, w)
			want, _ := parseRows(t, said)
			got := together(r)
			for _, row := range want {
				n := got[rowKey{row.File, row.Function, row.Line}]
				if row.Function == "leaf" || row.Function == "work" { // before and after, from the same file
					row.Calls *= 2
				}
				if n.calls != row.Calls {
					t.Errorf("%s: %d calls, want %d", row.Function, n.calls, row.Calls)
				}
			}
			if p := r.Processes[0]; p.Status != collect.LowerBound || !strings.Contains(p.Reason, "exec'd another CPython") {
				t.Errorf("%s: %s", p.Status, p.Reason)
			}
		})
		if testing.Short() {
			break
		}
	}
}

// TestLetGo: of processes that share their breakpoints the one that cannot
// bear them is let go; the others go on, and say what they missed.
func TestLetGo(t *testing.T) {
	if !inside(t) {
		return
	}
	p := own(t)
	obeying := begin(t, p.command(p.workloads(t)+"/obey.py"))
	busy := p.command("-c", "import sys\ndef f():\n    pass\nprint('waiting', flush=True)\nwhile True:\n    f()")
	in := begin(t, busy)
	s, err := Open(Options{All: true, Budget: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	obeying.obey(t, "make a 10", "made")
	obeying.obey(t, "run a 3", "ran")
	later := begin(t, p.command(p.workloads(t)+"/obey.py"))
	time.Sleep(200 * time.Millisecond)
	later.obey(t, "make b 10", "made")
	later.obey(t, "run b 4", "ran")
	r := read(t, s)
	family(t, r, "a", 10, 3)
	family(t, r, "b", 10, 4)
	for _, p := range r.Processes {
		switch p.Process.PID {
		case in.Process.Pid:
			if !p.OverBudget || p.Status != collect.Off || !strings.Contains(p.Reason, "the budget is 20 %") {
				t.Errorf("the dear one: %s: %s", p.Status, p.Reason)
			}
		case obeying.Process.Pid:
			if p.Status != collect.LowerBound && p.Status != collect.Exact || p.Status == collect.LowerBound && !strings.Contains(p.Reason, "was let go") {
				t.Errorf("the other: %s: %s", p.Status, p.Reason)
			}
		case later.Process.Pid:
			if p.Status != collect.LowerBound || !strings.Contains(p.Reason, "when it was noticed") {
				t.Errorf("the later: %s: %s", p.Status, p.Reason)
			}
		}
	}
	if len(r.Processes) != 3 {
		t.Errorf("%d processes", len(r.Processes))
	}
}

// TestInterpreters: sub-interpreters are counted with their process.
func TestInterpreters(t *testing.T) {
	needRoot(t)
	for _, p := range pythons(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := p.start(t, p.workloads(t)+"/edges.py", "interpreters")
			s := open(t, w, Options{})
			r, said := finish(t, s, w)
			if strings.Contains(string(said), `"rows": []`) {
				return // built without the module for it
			}
			want, _ := parseRows(t, said)
			compare(t, r, want, false)
		})
	}
}
