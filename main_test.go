package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pytop/collect/proc"
)

// built is pytop, built as it is released, where every user can run it.
var built string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pytop-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	built = filepath.Join(dir, "pytop")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", built, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// needRoot skips a test where pytop cannot count; in CI it must be able to.
func needRoot(t testing.TB) {
	t.Helper()
	caps, err := proc.System().Capabilities()
	if err == nil && os.Geteuid() == 0 && caps.Has(proc.CapBPF) && caps.Has(proc.CapPerfmon) && caps.Has(proc.CapSysPtrace) {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("CI must be able to load BPF programs")
	}
	t.Skip("needs CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE: run as root")
}

// systemPython is the machine's own interpreter, which every user can run.
const systemPython = "/usr/bin/python3"

// pyenv is an interpreter of pyenv's; tests that need it are skipped without.
func pyenv(t testing.TB, version string) string {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(home, ".pyenv/versions", version, "bin/python")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("Python %s is not to be had by pytop's own fetching, and pyenv has not installed it here: %v", version, err)
	}
	return path
}

// said is what a run of pytop came to.
type said struct {
	out, err string
	status   int
}

// limit bounds every run: nothing here takes nearly as long.
const limit = 40 * time.Second

// pytop runs pytop to its end, without input.
func pytop(t testing.TB, args ...string) said {
	t.Helper()
	return begin(t, nil, args...).wait(t)
}

// running is a pytop that runs.
type running struct {
	*exec.Cmd
	cancel context.CancelFunc
	out    *output
	err    *output
	once   sync.Once
	end    error
}

// begin starts pytop; change may alter how.
func begin(t testing.TB, change func(*exec.Cmd), args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	p := &running{Cmd: exec.CommandContext(ctx, built, args...), cancel: cancel, out: newOutput(), err: newOutput()}
	p.Stdout, p.Stderr = p.out, p.err
	p.WaitDelay = 5 * time.Second
	if change != nil {
		change(p.Cmd)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.cancel()
		p.reap()
	})
	return p
}

func (p *running) reap() error {
	p.once.Do(func() { p.end = p.Wait() })
	return p.end
}

// wait waits for the end.
func (p *running) wait(t testing.TB) said {
	t.Helper()
	err := p.reap()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v\n%s", err, p.err)
	}
	s := said{p.out.String(), p.err.String(), p.ProcessState.ExitCode()}
	if strings.Contains(s.err, "panic:") || strings.Contains(s.err, "goroutine ") {
		t.Errorf("pytop panicked:\n%s", s.err)
	}
	return s
}

// ready waits until pytop counts, and returns the line that says so.
func (p *running) ready(t testing.TB) string {
	t.Helper()
	return p.err.await(t, "pytop: ready ")
}

// tell sends pytop a signal.
func (p *running) tell(t testing.TB, signal syscall.Signal) {
	t.Helper()
	if err := p.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// output collects what a program writes, for one who waits for a line of it.
type output struct {
	mu   sync.Mutex
	more *sync.Cond
	text bytes.Buffer
}

func newOutput() *output {
	o := &output{}
	o.more = sync.NewCond(&o.mu)
	return o
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.more.Broadcast()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits for a whole line that begins so, and returns it.
func (o *output) await(t testing.TB, begin string) string {
	t.Helper()
	late := false
	timer := time.AfterFunc(20*time.Second, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		late = true
		o.more.Broadcast()
	})
	defer timer.Stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		for _, line := range strings.SplitAfter(o.text.String(), "\n") {
			if strings.HasPrefix(line, begin) && strings.HasSuffix(line, "\n") {
				return strings.TrimSpace(line)
			}
		}
		if late {
			t.Fatalf("no line %q came, but:\n%s", begin, o.text.String())
		}
		o.more.Wait()
	}
}
