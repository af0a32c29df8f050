package livetest

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pytop/collect"
	"pytop/collect/live"
)

// Workload is a workload that waits to be told to go on.
type Workload struct {
	*exec.Cmd
	In  io.WriteCloser
	Out *bufio.Reader
}

// Start starts a workload and returns when it waits.
func (p Python) Start(t testing.TB, args ...string) *Workload {
	t.Helper()
	return Begin(t, p.Command(args...))
}

// Begin starts a workload's command and returns when it waits.
func Begin(t testing.TB, c *exec.Cmd) *Workload {
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
	w := &Workload{c, in, bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = c.Process.Kill() // it may have ended
		_ = c.Wait()         // as a killed process ends
	})
	w.Line(t, "waiting")
	return w
}

// Line reads one line that begins with a word.
func (w *Workload) Line(t testing.TB, word string) string {
	t.Helper()
	line, err := w.Out.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, word) {
		t.Fatalf("the workload said %q (%v), not %q", line, err, word)
	}
	return line
}

// Source is what is read: a live.Source, or what a probe's tests make of one.
type Source interface {
	collect.Source
	Ended() <-chan struct{}
}

// Open opens a source on a workload, with no budget unless o says one.
func Open(t testing.TB, w *Workload, o live.Options) *live.Source {
	t.Helper()
	o.PIDs = []int{w.Process.Pid}
	s, err := live.Open(o)
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

// Finish lets the workload run to its end and returns the last reading and
// what the workload printed.
func Finish(t testing.TB, s Source, w *Workload) (*collect.Reading, []byte) {
	t.Helper()
	if _, err := w.In.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	w.In.Close()
	said, err := io.ReadAll(w.Out)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Wait(); err != nil {
		t.Fatal(err)
	}
	return Last(t, s), said
}

func Last(t testing.TB, s Source) *collect.Reading {
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

// Compare compares a reading's functions with what is wanted: all of them, or
// only those that are wanted.
func Compare(t testing.TB, r *collect.Reading, want []WantRow, all bool) {
	t.Helper()
	got := map[RowKey]collect.CodeCount{}
	for _, c := range r.Codes {
		got[RowKey{c.Code.File, c.Code.Function, c.Code.Line}] = c
	}
	wrong := 0
	for _, w := range want {
		key := RowKey{w.File, w.Function, w.Line}
		g := got[key]
		delete(got, key)
		if g.Calls == w.Calls && g.Resumes == w.Resumes {
			continue
		}
		if wrong++; wrong <= 10 {
			t.Errorf("%s %s:%d: %d calls and %d resumes, want %d and %d", Short(w.Function), Short(w.File), w.Line, g.Calls, g.Resumes, w.Calls, w.Resumes)
		}
	}
	for key, g := range got {
		if all && !IsRacy(key.File) {
			if wrong++; wrong <= 10 {
				t.Errorf("%s %s:%d: %d calls and %d resumes, want none", Short(key.Function), Short(key.File), key.Line, g.Calls, g.Resumes)
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

func Short(text string) string {
	if len(text) > 80 {
		return fmt.Sprintf("%.40s…%s (%d bytes)", text, text[len(text)-20:], len(text))
	}
	return text
}
