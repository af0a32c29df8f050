package calls_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live/livetest"
)

// TestAll: a process that starts later is counted from its first call; so are
// those that end before anybody looks.
func TestAll(t *testing.T) {
	if !livetest.Inside(t) {
		return
	}
	for _, unfollowed := range []bool{false, true} {
		t.Run(fmt.Sprintf("unfollowed=%v", unfollowed), func(t *testing.T) { testAll(t, unfollowed) })
	}
}

// testAll is TestAll with what the kernel tells, and without.
func testAll(t *testing.T, unfollowed bool) {
	p := livetest.Own(t)
	w := p.Start(t, p.Workloads(t)+"/family.py", "short", "50")
	s, c := openAll(t, unfollowed)
	fmt.Fprintln(w.In)
	row := w.Line(t, "{")
	w.Wait()
	want, _ := livetest.ParseRows(t, []byte(row))
	livetest.Read(t, s)
	r := livetest.Read(t, s)
	if unfollowed { // who has ended is seen after a reading, and told in the next
		r = livetest.Read(t, s)
	}
	if got := livetest.Together(r)[want[0].Key()]; got.Calls != want[0].Calls {
		t.Errorf("%d calls, want %d", got.Calls, want[0].Calls)
	}
	if len(r.Past) != 51 || len(r.Processes) != 0 {
		t.Errorf("%d processes ended and %d run, want 51 and none", len(r.Past), len(r.Processes))
	}
	if command := r.Past[len(r.Past)-1].Process.Command; !strings.Contains(command, p.Path) {
		t.Errorf("the command is %q", command)
	}
	nothingHeld(t, c)
}

// TestReuse: a process gets the number of one that has just ended, between two
// readings; each has its own calls.
func TestReuse(t *testing.T) {
	if !livetest.Inside(t) {
		return
	}
	p := livetest.Own(t)
	p.Start(t, p.Workloads(t)+"/family.py", "serve", "0") // its file is known from then on
	s, c := openAll(t, false)
	run := func(times int) int {
		one := p.Command("-S", "-c", fmt.Sprintf("def f():\n    pass\nfor n in range(%d):\n    f()", times))
		if err := one.Run(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Millisecond) // start times are told to 10 ms
		return one.Process.Pid
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
	r := livetest.Read(t, s)
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
	livetest.Read(t, s)
	nothingHeld(t, c)
}
