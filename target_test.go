package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"pytop/collect/proc"
)

// target is a workload that is told what to do.
type target struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// workload starts one of testdata/workloads and returns when it waits.
func workload(t testing.TB, python string, args ...string) *target {
	t.Helper()
	dir, err := filepath.Abs("testdata/workloads")
	if err != nil {
		t.Fatal(err)
	}
	args[0] = filepath.Join(dir, args[0])
	return program(t, nil, python, args...)
}

// program starts a program that says "waiting".
func program(t testing.TB, change func(*exec.Cmd), name string, args ...string) *target {
	t.Helper()
	c := exec.Command(name, args...)
	c.Stderr = os.Stderr
	if change != nil {
		change(c)
	}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	w := &target{c, in, bufio.NewReader(out)}
	t.Cleanup(func() {
		c.Process.Kill() //nolint:errcheck // it has mostly ended
		c.Wait()         //nolint:errcheck // as above
	})
	w.expect(t, "waiting")
	return w
}

func (w *target) pid() string { return fmt.Sprint(w.Process.Pid) }

// expect reads a line that begins so.
func (w *target) expect(t testing.TB, begin string) string {
	t.Helper()
	line, err := w.out.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, begin) {
		t.Fatalf("the workload said %q (%v), not %q", line, err, begin)
	}
	return line
}

// obey tells the workload something and returns its answer.
func (w *target) obey(t testing.TB, command, answer string) string {
	t.Helper()
	w.say(t, command)
	return w.expect(t, answer)
}

func (w *target) say(t testing.TB, command string) {
	t.Helper()
	if _, err := io.WriteString(w.in, command+"\n"); err != nil {
		t.Fatal(err)
	}
}

// patched counts the bytes of a process's program text that are not those of
// its file: breakpoints.
func patched(t testing.TB, pid int) int {
	t.Helper()
	maps, err := proc.System().Maps(pid)
	if err != nil {
		t.Fatal(err)
	}
	differ := 0
	for _, m := range maps {
		if !m.File() || !m.Executable() || !strings.Contains(filepath.Base(m.Path), "python") {
			continue
		}
		here := make([]byte, m.End-m.Start)
		if err := proc.ReadMemory(pid, m.Start, here); err != nil {
			t.Fatal(err)
		}
		path, err := proc.System().MapFile(pid, m)
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		original := make([]byte, len(here))
		n, err := file.ReadAt(original, int64(m.Offset))
		if err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		for i := range n {
			if here[i] != original[i] {
				differ++
			}
		}
	}
	return differ
}

// unpatched waits a little for a process to be as it was before it was watched.
func unpatched(t testing.TB, pid int) {
	t.Helper()
	n := 0
	for range 100 {
		if n = patched(t, pid); n == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d bytes of the process's text are not those of its file one second after pytop's end", n)
}

// held are the BPF links and programs that a process holds, by their
// descriptors.
func held(t testing.TB, pid int) (links []link.ID, programs []ebpf.ProgramID) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fdinfo", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, _ := os.ReadFile(filepath.Join(dir, e.Name())) // or closed meanwhile
		var id uint32
		about := string(text)
		if _, rest, ok := strings.Cut(about, "link_id:"); ok {
			fmt.Sscan(rest, &id) //nolint:errcheck // 0 then
			links = append(links, link.ID(id))
		} else if _, rest, ok := strings.Cut(about, "prog_id:"); ok {
			fmt.Sscan(rest, &id) //nolint:errcheck // 0 then
			programs = append(programs, ebpf.ProgramID(id))
		}
	}
	return links, programs
}

// released waits a little for links and programs to be gone from the kernel.
func released(t testing.TB, links []link.ID, programs []ebpf.ProgramID) {
	t.Helper()
	for range 200 {
		left := 0
		for _, id := range links {
			if l, err := link.NewFromID(id); err == nil {
				l.Close()
				left++
			}
		}
		for _, id := range programs {
			if p, err := ebpf.NewProgramFromID(id); err == nil {
				p.Close()
				left++
			}
		}
		if left == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("of links %v and programs %v some are still in the kernel", links, programs)
}

// mustSay checks a status and that all words are in what pytop said on
// standard error.
func (s said) mustSay(t testing.TB, status int, words ...string) {
	t.Helper()
	if s.status != status {
		t.Errorf("exit status %d, want %d\n%s", s.status, status, s.err)
	}
	for _, w := range words {
		if !strings.Contains(s.err, w) {
			t.Errorf("%q is not in what it said:\n%s", w, s.err)
		}
	}
}
