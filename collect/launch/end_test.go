package launch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pytop/collect/proc"
)

// TestFree: after Attach nobody traces the command.
func TestFree(t *testing.T) {
	c := start(t, Options{Args: []string{pythons(t)[0], "-uc", "import time; print(1); time.sleep(60)"}})
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return text(c) == "1\n" })
	status, err := proc.System().Status(c.PID())
	if err != nil || status.Tracer != 0 {
		t.Errorf("traced by %d, %v", status.Tracer, err)
	}
	if result, err := c.End(5 * time.Second); err != nil || result.Status() != 128+15 || result.String() != "killed by SIGTERM" {
		t.Errorf("%s, %v", result, err)
	}
}

func TestNotPython(t *testing.T) {
	dir := t.TempDir()
	static := filepath.Join(dir, "static")
	cc := exec.Command("gcc", "-static", "-x", "c", "-o", static, "-")
	cc.Stdin = strings.NewReader("int main(void) { return 7; }")
	if out, err := cc.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	python := pythons(t)[0]
	tests := []struct {
		name   string
		args   []string
		status int
	}{
		{"static", []string{static}, 7},
		{"dynamic", []string{"false"}, 1},
		{"threads", []string{"sh", "-c", "exit 3"}, 3},
		{"killed", []string{"sh", "-c", "kill -9 $$"}, 128 + 9},
		{"python as a child", []string{"sh", "-c", python + " -c 'raise SystemExit(4)'; exit $?"}, 4},
		{"pipe of pythons", []string{"sh", "-c", python + " -c 'print(5)' | cat; exit 6"}, 6},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, Options{Args: test.args})
			err := c.Attach(isPython, func(int) error { t.Error("attached"); return nil }, Patience)
			var not *NotPythonError
			if !errors.As(err, &not) || not.Ended == nil || not.Ended.Status() != test.status {
				t.Errorf("%v", err)
			}
			if got := c.Wait().Status(); got != test.status {
				t.Errorf("status %d, not %d", got, test.status)
			}
		})
	}
}

// TestPatience: what is no CPython for a while runs on untraced.
func TestPatience(t *testing.T) {
	c := start(t, Options{Args: []string{"sh", "-c", "while sleep 0.01; do :; done"}})
	err := c.Attach(isPython, func(int) error { t.Error("attached"); return nil }, 100*time.Millisecond)
	var not *NotPythonError
	if !errors.As(err, &not) || not.Ended != nil {
		t.Fatalf("%v", err)
	}
	<-c.free
	status, err := proc.System().Status(c.PID())
	if err != nil || status.Tracer != 0 {
		t.Errorf("traced by %d, %v", status.Tracer, err)
	}
	if result, err := c.End(time.Second); err != nil || result.Signal != unix.SIGTERM {
		t.Errorf("%s, %v", result, err)
	}
}

func TestAttachFails(t *testing.T) {
	c := start(t, Options{Args: []string{pythons(t)[0], "-c", say}})
	want := errors.New("no probes today")
	if err := c.Attach(isPython, func(int) error { return want }, Patience); !errors.Is(err, want) {
		t.Errorf("%v", err)
	}
	if result := c.Wait(); result.Signal != unix.SIGKILL || text(c) != "" {
		t.Errorf("%s; output %q", result, text(c))
	}
	if err := c.Attach(isPython, nil, 0); err == nil {
		t.Error("attached twice")
	}
}

// TestKilledWhileHeld: SIGKILL does not wait for tracers.
func TestKilledWhileHeld(t *testing.T) {
	c := start(t, Options{Args: []string{pythons(t)[0], "-c", say}})
	err := c.Attach(isPython, func(int) error { return c.kill() }, Patience)
	if result := c.Wait(); err != nil || result.Signal != unix.SIGKILL {
		t.Errorf("%s, %v", result, err)
	}
}

func TestNeverAttached(t *testing.T) {
	c, err := Start(Options{Args: []string{"sh", "-c", "echo ran"}, Capture: true, LogDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if result := c.Wait(); result.Signal != unix.SIGKILL || text(c) != "" {
		t.Errorf("%s; output %q", result, text(c))
	}
}

func TestStartErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "plain-file")
	noProgram := filepath.Join(dir, "garbage")
	if err := errors.Join(os.WriteFile(file, nil, 0o644), os.WriteFile(noProgram, []byte("#!/no/such\n"), 0o755)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/bin")
	tests := []struct {
		args   []string
		status int
		want   error
	}{
		{nil, 125, nil},
		{[]string{"no-such-command"}, 127, fs.ErrNotExist},
		{[]string{"/no/such/command"}, 127, fs.ErrNotExist},
		{[]string{"plain-file"}, 126, fs.ErrPermission},
		{[]string{file}, 126, fs.ErrPermission},
		{[]string{dir}, 126, nil},
		{[]string{noProgram}, 127, fs.ErrNotExist}, // as env says
		{[]string{""}, 127, fs.ErrNotExist},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.args), func(t *testing.T) {
			_, err := Start(Options{Args: test.args})
			var start *StartError
			if !errors.As(err, &start) || start.Status() != test.status || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("%v, %+v", err, start)
			}
		})
	}
}

// TestSignalsWhileTraced: what the command is sent before it is let go, it gets.
func TestSignalsWhileTraced(t *testing.T) {
	python := pythons(t)[0]
	script := `trap 'echo got' USR1; kill -USR1 $$; trap - USR1; exec ` + python + " -c " + strconv.Quote(
		"import signal; print('mask', signal.sigpending() or 'none')")
	c := start(t, Options{Args: []string{"sh", "-c", script}})
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	if c.Wait(); text(c) != "got\nmask none\n" {
		t.Errorf("%q", text(c))
	}
	// In the moment in which it is held: it is delivered afterwards.
	c = start(t, Options{Args: []string{python, "-c", say}})
	if err := c.Attach(isPython, func(int) error { return c.Forward(unix.SIGTERM) }, Patience); err != nil {
		t.Fatal(err)
	}
	if result := c.Wait(); result.Signal != unix.SIGTERM {
		t.Errorf("%s", result)
	}
}

func TestResult(t *testing.T) {
	c := start(t, Options{Args: []string{pythons(t)[0], "-c",
		"import time\nx = bytearray(50 << 20)\nwhile time.process_time() < .05: pass\nraise SystemExit(42)"}})
	if err := c.Attach(isPython, func(int) error { return nil }, Patience); err != nil {
		t.Fatal(err)
	}
	result := c.Wait()
	if result.Status() != 42 || result.CPU < 50*time.Millisecond || result.Memory < 50<<20 || result.String() != "exit status 42" {
		t.Errorf("%+v", result)
	}
}
