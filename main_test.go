package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

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
