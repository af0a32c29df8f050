package proc

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseSlices(t *testing.T) {
	for _, c := range []struct {
		text string
		want uint64
		bad  bool
	}{
		{text: "941331645 936956 30\n", want: 30},
		{text: "0 0 1\n", want: 1},
		{text: "0 0 0\n", bad: true}, // not counted
		{text: "1 2\n", bad: true},
		{text: "1 2 x\n", bad: true},
		{text: "", bad: true},
	} {
		got, err := parseSlices([]byte(c.text))
		if (err != nil) != c.bad || got != c.want {
			t.Errorf("%q: %d, %v", c.text, got, err)
		}
	}
}

func TestParseCPU(t *testing.T) {
	fields := strings.Repeat(" 7", 36) // 3 to 38
	for _, c := range []struct {
		text string
		want int
		bad  bool
	}{
		{text: "12 (a b) c)" + fields + " 5 0 0\n", want: 5},
		{text: "12 (python)" + fields + "\n", bad: true},
		{text: "", bad: true},
	} {
		got, err := parseCPU([]byte(c.text))
		if (err != nil) != c.bad || got != c.want {
			t.Errorf("%q: %d, %v", c.text, got, err)
		}
	}
}

// TestOnCPU goes to each CPU that there is, and back.
func TestOnCPU(t *testing.T) {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		t.Fatal(err)
	}
	for cpu := range 64 {
		if !allowed.IsSet(cpu) {
			continue
		}
		at, counted := -1, uint64(0)
		err := OnCPU(cpu, func() {
			at, _ = System().CPU(os.Getpid(), unix.Gettid())
			counted, _ = System().Slices(os.Getpid(), unix.Gettid())
		})
		if err != nil || at != cpu || counted == 0 {
			t.Errorf("on CPU %d: %v, at %d, given a CPU %d times", cpu, err, at, counted)
		}
	}
	called := false
	const none = 1023 // no machine of ours has it
	if err := OnCPU(none, func() { called = true }); err == nil || called {
		t.Errorf("CPU %d: %v, called %v", none, err, called)
	}
	var after unix.CPUSet
	if err := unix.SchedGetaffinity(0, &after); err != nil || after != allowed {
		t.Errorf("%v: bound to %v, before to %v", err, after, allowed)
	}
}
