package live

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pytop/collect"
)

// target is a workload that waits to be told to go on.
type target struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start starts a workload and returns when it waits.
func (p python) start(t testing.TB, args ...string) *target {
	t.Helper()
	return begin(t, p.command(args...))
}

// begin starts a workload's command and returns when it waits.
func begin(t testing.TB, c *exec.Cmd) *target {
	t.Helper()
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
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	w.line(t, "waiting")
	return w
}

// line reads one line that begins with a word.
func (w *target) line(t testing.TB, word string) string {
	t.Helper()
	line, err := w.out.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, word) {
		t.Fatalf("the workload said %q (%v), not %q", line, err, word)
	}
	return line
}

// open opens a source on a workload, with no budget unless o says one.
func open(t testing.TB, w *target, o Options) *Source {
	t.Helper()
	o.PIDs = []int{w.Process.Pid}
	s, err := Open(o)
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

// finish lets the workload run to its end and returns the last reading and
// what the workload printed.
func finish(t testing.TB, s *Source, w *target) (*collect.Reading, []byte) {
	t.Helper()
	if _, err := w.in.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	w.in.Close()
	said, err := io.ReadAll(w.out)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Wait(); err != nil {
		t.Fatal(err)
	}
	return last(t, s), said
}

func last(t testing.TB, s *Source) *collect.Reading {
	t.Helper()
	select {
	case <-s.Ended():
	case <-time.After(10 * time.Second):
		t.Fatal("the end was not noticed")
	}
	r, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	if !r.Final {
		t.Errorf("the reading after the end is not final")
	}
	return r
}

// compare compares a reading's functions with what is wanted: all of them, or
// only those that are wanted.
func compare(t testing.TB, r *collect.Reading, want []wantRow, all bool) {
	t.Helper()
	got := map[rowKey]collect.CodeCount{}
	for _, c := range r.Codes {
		got[rowKey{c.Code.File, c.Code.Function, c.Code.Line}] = c
	}
	wrong := 0
	for _, w := range want {
		key := rowKey{w.File, w.Function, w.Line}
		g := got[key]
		delete(got, key)
		if g.Calls == w.Calls && g.Resumes == w.Resumes {
			continue
		}
		if wrong++; wrong <= 10 {
			t.Errorf("%s %s:%d: %d calls and %d resumes, want %d and %d", short(w.Function), short(w.File), w.Line, g.Calls, g.Resumes, w.Calls, w.Resumes)
		}
	}
	for key, g := range got {
		if all && !isRacy(key.file) {
			if wrong++; wrong <= 10 {
				t.Errorf("%s %s:%d: %d calls and %d resumes, want none", short(key.function), short(key.file), key.line, g.Calls, g.Resumes)
			}
		}
	}
	if wrong > 10 {
		t.Errorf("and %d more", wrong-10)
	}
	for _, l := range r.Lost {
		if l.Count > 0 {
			t.Errorf("lost: %d %s", l.Count, l.Text)
		}
	}
	if p := r.Processes[0]; p.Status != collect.Exact {
		t.Errorf("status %s: %s", p.Status, p.Reason)
	}
}

func short(text string) string {
	if len(text) > 80 {
		return fmt.Sprintf("%.40s…%s (%d bytes)", text, text[len(text)-20:], len(text))
	}
	return text
}

// TestExactKnown compares every function with the interpreter's own account
// of an identical run.
func TestExactKnown(t *testing.T) {
	needRoot(t)
	for _, p := range pythons(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			dir := p.workloads(t)
			truth, err := p.command(dir+"/truth.py", dir+"/known.py").Output()
			if err != nil {
				t.Fatal(err)
			}
			want, whole := parseRows(t, truth)
			w := p.start(t, dir+"/known.py")
			s := open(t, w, Options{})
			r, _ := finish(t, s, w)
			compare(t, r, want, whole)
			builds.add(p, r, want, !t.Failed())
		})
	}
	t.Cleanup(func() { builds.write(t) })
}

// TestExactOwnCount runs the workloads that know their own counts.
func TestExactOwnCount(t *testing.T) {
	needRoot(t)
	for _, p := range pythons(t) {
		for _, args := range []string{"switching.py", "edges.py recursion", "edges.py exec", "edges.py threads", "edges.py burst", "edges.py exit", "edges.py fork"} {
			t.Run(p.name+"/"+args, func(t *testing.T) {
				t.Parallel()
				dir := p.workloads(t)
				word := strings.Fields(args)
				w := p.start(t, append([]string{dir + "/" + word[0]}, word[1:]...)...)
				s := open(t, w, Options{})
				r, said := finish(t, s, w)
				want, _ := parseRows(t, said)
				compare(t, r, want, false)
			})
		}
	}
}
