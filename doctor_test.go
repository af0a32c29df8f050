package main

import (
	"bufio"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pytop/collect/live"
)

// doctorKind is one kind of process that pytop doctor is asked about.
type doctorKind struct {
	title  string
	build  string   // in the manifest of what make pythons fetched; empty: the machine's own
	not    []string // the command, which is no Python
	ended  bool     // it has ended when the doctor is asked
	change func(*exec.Cmd)
	status int
	want   []string
}

var doctorKinds = []doctorKind{
	{title: "Debian's own, stripped", want: []string{"CPython 3.", "text            ", "calls ", "sites in python3", "cost ", "ok       GIL ", " 1 thread:", "condition variables in libc.so.6; at least "}},
	{title: "A program with libpython in it", build: "debian-trixie-3.13-embed", want: []string{"CPython 3.13", "libpython3.13.so"}},
	{title: "A debug build", build: "debian-sid-3.14-debug", want: []string{"CPython 3.14", "(debug", "sites in"}},
	{title: "python-build-standalone, 3.11", build: "standalone-3.11.11", want: []string{"CPython 3.11.11", "libpython3.11.so"}},
	{title: "python-build-standalone, with the tail-calling interpreter", build: "standalone-3.14.6", want: []string{"CPython 3.14.6", "tail"}},
	{title: "3.8, with libpython, stripped", build: "stripped-3.8.18", want: []string{"CPython 3.8", "(eval function, 1 way in)", "condition variables in lib"}},
	{title: "With a JIT, which may be on: that is noticed when calls are counted", build: "debian-sid-3.15", change: withJIT, want: []string{"CPython 3.15", "sites in"}},
	{title: "Free-threaded, in a chroot", build: "freethreaded-3.13", want: []string{"CPython 3.13", "free-threaded", "no GIL"}},
	{title: "In a PID and mount namespace of its own", build: "debian-sid-3.13", change: ownNamespaces, want: []string{"CPython 3.13", "sites in"}},
	{title: "No Python", not: []string{"sleep", "100"}, status: exitNoTarget, want: []string{"is not a CPython", "pgrep -af python"}},
	{title: "No such process", not: []string{"true"}, ended: true, status: exitNoTarget, want: []string{"missing  target", "no such process", "pgrep -af python"}},
	{title: "No privilege", change: as(nobody), status: exitNotPermitted, want: []string{"CAP_BPF (to load programs)", "run pytop with sudo"}},
}

func withJIT(c *exec.Cmd) { c.Env = append(os.Environ(), "PYTHON_JIT=1") }

func ownNamespaces(c *exec.Cmd) {
	c.SysProcAttr.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS
}

// TestDoctorKinds: what pytop doctor says of a process of each kind. Where
// PYTOP_DOCTOR names a file it is written there: docs/doctor.md.
func TestDoctorKinds(t *testing.T) {
	needRoot(t)
	root, err := filepath.Abs(cmp.Or(os.Getenv("PYTOP_PYTHONS"), ".cache/pythons"))
	if err != nil {
		t.Fatal(err)
	}
	builds := manifest(t, root)
	var doc strings.Builder
	doc.WriteString("# What pytop doctor says\nOf a process of each kind; `make doctor` writes this. Numbers of processes and the directories that interpreters were unpacked to are not those of the run.\n")
	for i, kind := range doctorKinds {
		t.Run(kind.title, func(t *testing.T) {
			text := kind.ask(t, root, builds)
			if i > 0 && kind.status == exitDone { // the machine is the same
				if at := strings.Index(text, "ok       process"); at >= 0 {
					text = text[at:]
				}
			}
			fmt.Fprintf(&doc, "\n## %s\n```\n%s```\n", kind.title, text)
		})
	}
	if name := os.Getenv("PYTOP_DOCTOR"); name != "" && !t.Failed() {
		if err := os.WriteFile(name, []byte(doc.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// ask starts a process of a kind and asks the doctor about it.
func (k *doctorKind) ask(t *testing.T, root string, builds map[string][2]string) string {
	path, chroot := systemPython, ""
	if k.build != "" {
		build, ok := builds[k.build]
		if !ok {
			t.Skipf("%s is not here: make pythons", k.build)
		}
		if chroot, path = build[0], build[1]; chroot == "" {
			path = filepath.Join(root, path)
		}
	}
	args := []string{path, "-c", "print('waiting', flush=True); input()"}
	if k.not != nil {
		args = []string{"sh", "-c", "echo waiting; exec " + strings.Join(k.not, " ")}
	}
	w := program(t, func(c *exec.Cmd) {
		c.SysProcAttr = &syscall.SysProcAttr{}
		if chroot != "" {
			c.Path, c.Err, c.Dir, c.SysProcAttr.Chroot = path, nil, "/", filepath.Join(root, chroot)
		}
		if k.change != nil && k.status == exitDone {
			k.change(c)
		}
	}, args[0], args[1:]...)
	var change func(*exec.Cmd)
	if k.status == exitNotPermitted {
		change = k.change
	}
	if k.ended {
		if err := w.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	got := begin(t, change, "doctor", "-p", w.pid()).wait(t)
	got.mustSay(t, k.status)
	for _, want := range k.want {
		if !strings.Contains(got.out, want) {
			t.Errorf("it does not say %q:\n%s", want, got.out)
		}
	}
	text := regexp.MustCompile(`\b`+w.pid()+`\b`).ReplaceAllString(got.out, "4711")
	if chroot != "" {
		text = strings.ReplaceAll(text, filepath.Join(root, chroot), "/srv/"+chroot)
	}
	text = strings.ReplaceAll(text, root, "/opt")
	if home, err := os.UserHomeDir(); err == nil && strings.Contains(text, home+"/") {
		t.Errorf("a path of this machine is left:\n%s", text)
	}
	return kernelRelease.ReplaceAllString(text, "$1,")
}

// kernelRelease is a kernel's version with what its builder added.
var kernelRelease = regexp.MustCompile(`(Linux \d+\.\d+)\S*,`)

// manifest is where each build is that make pythons fetched: the directory to
// change the root to, or none, and the path.
func manifest(t *testing.T, root string) map[string][2]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "manifest.tsv"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI runs over all interpreters: %v: make pythons", err)
		}
		t.Logf("only the interpreters that the machine has anyway: %v", err)
	}
	builds := map[string][2]string{}
	for line := range strings.Lines(string(text)) {
		if f := strings.Split(line, "\t"); len(f) >= 5 && !strings.HasPrefix(line, "#") {
			builds[f[0]] = [2]string{strings.TrimPrefix(f[1], "-"), f[2]}
		}
	}
	return builds
}

// closeEnv names a process for TestCloses.
const closeEnv = "PYTOP_TEST_CLOSES"

// TestCloses attaches to a process and detaches at once. TestDoctorLeft runs and
// kills it; alone it does nothing.
func TestCloses(t *testing.T) {
	pid, err := strconv.Atoi(os.Getenv(closeEnv))
	if err != nil {
		t.Skip("run by TestDoctorLeft")
	}
	source, err := live.Open(live.Options{PIDs: []int{pid}, Cache: live.UserCache()})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("closing")
	source.Close() //nolint:errcheck // it is killed meanwhile
	time.Sleep(time.Minute)
}

// TestDoctorLeft: the doctor finds the breakpoints that a pytop left which was
// killed while it detached, and its cure takes them out.
func TestDoctorLeft(t *testing.T) {
	needRoot(t)
	if runtime.GOARCH != "amd64" {
		t.Skip("breakpoints are not known on this machine")
	}
	w := workload(t, systemPython, "obey.py")
	ask := func() string { return pytop(t, "doctor", "-p", w.pid()).out }
	for i := range 60 {
		detachKilled(t, w.pid(), time.Duration(i%30)*3*time.Millisecond)
		if patched(t, w.Process.Pid) > 0 && strings.Contains(ask(), " left in its text by ") {
			break
		}
		if i == 59 {
			t.Skip("no breakpoint was left behind in 60 tries: this kernel takes them out")
		}
	}
	cure := regexp.MustCompile(`pytop (-p [0-9]+ -n 1 --batch)`).FindStringSubmatch(ask())
	if cure == nil {
		t.Fatalf("no cure is named:\n%s", ask())
	}
	pytop(t, strings.Fields(cure[1])...).mustSay(t, exitDone)
	if text := ask(); strings.Contains(text, "left in its text") {
		t.Errorf("after the cure:\n%s", text)
	}
	unpatched(t, w.Process.Pid)
}

// detachKilled kills a process that has begun to detach.
func detachKilled(t *testing.T, pid string, after time.Duration) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run=^TestCloses$")
	c.Env = append(os.Environ(), closeEnv+"="+pid)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	time.Sleep(after)
	c.Process.Kill() //nolint:errcheck // it has not ended
	c.Wait()         //nolint:errcheck // it was killed
	if err != nil || line != "closing\n" {
		t.Fatalf("%q, %v", line, err)
	}
}
