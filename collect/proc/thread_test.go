package proc

import (
	"os"
	"testing"
	"time"
)

func TestParseSchedstat(t *testing.T) {
	cpu, queue, err := parseSchedstat([]byte("1500000000 250000 42\n"))
	if err != nil || cpu != 1500*time.Millisecond || queue != 250*time.Microsecond {
		t.Errorf("%v %v %v", cpu, queue, err)
	}
	for _, bad := range []string{"", "1", "a b c"} {
		if _, _, err := parseSchedstat([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestParseSyscall(t *testing.T) {
	for _, c := range []struct {
		text   string
		number int
		first  uint64
		ok     bool
	}{
		{"202 0x7f0000001020 0x189 0x0 0x0 0x0 0xffffffff 0x7ffd 0x7f00\n", 202, 0x7f0000001020, true},
		{"running\n", 0, 0, false},
		{"-1 0x7ffd 0x7f00\n", 0, 0, false},
		{"", 0, 0, false},
		{"202 zz", 202, 0, false},
	} {
		number, first, ok := parseSyscall([]byte(c.text))
		if ok != c.ok || ok && (number != c.number || first != c.first) {
			t.Errorf("%q: %d %#x %v", c.text, number, first, ok)
		}
	}
}

func TestThreadStat(t *testing.T) {
	pid := os.Getpid()
	tids, err := System().TIDs(pid)
	if err != nil || len(tids) == 0 {
		t.Fatalf("%v, %v", tids, err)
	}
	stat, err := System().ThreadStat(pid, pid)
	if err != nil || stat.Name == "" || stat.State == 0 {
		t.Errorf("%+v, %v", stat, err)
	}
	if inner, err := System().InnerTIDs(pid); err != nil || inner != nil && inner[pid] == 0 && len(inner) == 0 {
		t.Errorf("%v, %v", inner, err)
	}
}

func TestParseSleepsAt(t *testing.T) {
	for _, c := range []struct {
		text    string
		address uint64
		ok      bool
	}{
		{"202 0x7f0000001020 0x189 0x0 0x0 0x0 0xffffffff 0x7ffd 0x7f00\n", 0x7f00, true},
		{"-1 0x7ffd 0x7f10\n", 0x7f10, true},
		{"running\n", 0, false},
		{"202 0x7f0000001020 0x189\n 0x0", 0, false},
		{"202 0x1 0x2 0x3 0x4 0x5 0x6 0x7ffd 0x\n", 0, false},
		{"-1 0x0 0x0\n", 0, false}, // a kernel thread
		{"", 0, false},
	} {
		if address, ok := parseSleepsAt([]byte(c.text)); address != c.address || ok != c.ok {
			t.Errorf("%q: %#x %v", c.text, address, ok)
		}
	}
}
