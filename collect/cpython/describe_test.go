package cpython

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pytop/collect/elf"
)

func describe(t *testing.T, path string) (*Python, error) {
	t.Helper()
	f, err := elf.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("not on this machine: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return Describe(f, path)
}

func TestDescribe(t *testing.T) {
	home, _ := os.UserHomeDir()
	for path, want := range map[string]string{
		home + "/.pyenv/versions/3.8.18/lib/libpython3.8.so.1.0":    "3.8 ",
		home + "/.pyenv/versions/3.9.18/lib/libpython3.9.so.1.0":    "3.9 ",
		home + "/.pyenv/versions/3.10.13/lib/libpython3.10.so.1.0":  "3.10 ",
		home + "/.pyenv/versions/3.11.7/lib/libpython3.11.so.1.0":   "3.11.7 ",
		home + "/.pyenv/versions/3.12.1/lib/libpython3.12.so.1.0":   "3.12.1 ",
		home + "/.pyenv/versions/3.13.0/lib/libpython3.13.so.1.0":   "3.13.0 ",
		"debian-bookworm/usr/bin/python3.11d":                       "3.11.2 debug static address",
		"debian-trixie/usr/bin/python3.13":                          "3.13.5 stripped static address",
		"debian-trixie/opt/freethreaded-3.13/bin/python3.13":        "3.13.5 free-threaded",
		"debian-sid/usr/bin/python3.14":                             "3.14.10 stripped static address",
		"debian-sid/usr/lib/x86_64-linux-gnu/libpython3.15d.so.1.0": "3.15.2 debug",
		"standalone-3.10.16/lib/libpython3.10.so.1.0":               "3.10 ",
		"standalone-3.14.6/bin/python3.14":                          "3.14.6 stripped static address",
	} {
		t.Run(path, func(t *testing.T) {
			if !filepath.IsAbs(path) {
				path = filepath.Join(pythons(t), path)
			}
			p, err := describe(t, path)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Version + " " + p.Build(); got != want {
				t.Errorf("%q, want %q", got, want)
			}
			if p.EvalFrame == 0 || p.CodeType == 0 || p.Runtime == 0 {
				t.Errorf("addresses: %+v", p)
			}
		})
	}
}

// _Py_DebugOffsets of each release is read as the releases' own debuggers read
// it: design/calls.md lists these values.
func TestDebugOffsets(t *testing.T) {
	for path, want := range map[string][]uint32{
		"debian-trixie/usr/bin/python3.13": {632, 7264, 7344, 72, 152, 160, 70, 72, 80, 200, 2, 40, 56},
		"debian-sid/usr/bin/python3.14":    {808, 7272, 7344, 72, 152, 160, 74, 80, 88, 208, 2, 40, 56},
		"debian-sid/usr/bin/python3.15":    {936, 7264, 7336, 72, 176, 184, 74, 80, 88, 208, 2, 40, 56},
	} {
		p, err := describe(t, filepath.Join(pythons(t), path))
		if err != nil {
			t.Error(err)
			continue
		}
		o := p.Offsets
		got := []uint32{o.Runtime.InterpretersHead, o.Interpreter.Next, o.Interpreter.ThreadsHead, o.Thread.CurrentFrame, o.Thread.ThreadID, o.Thread.NativeThreadID,
			o.Frame.Owner, o.Frame.Localsplus, o.Frame.Size, o.Code.CodeAdaptive, o.Unicode.KindShift, o.Unicode.ASCIISize, o.Unicode.CompactSize}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: value %d is %d, want %d", path, i, got[i], want[i])
			}
		}
	}
}

// library compiles a shared object of some C, to be taken for a Python.
func library(t *testing.T, source string, flags ...string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler: ", err)
	}
	path := filepath.Join(t.TempDir(), "libpython.so")
	c := exec.Command(cc, append(flags, "-shared", "-nostdlib", "-x", "c", "-o", path, "-")...)
	c.Stdin = strings.NewReader(source)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func TestRefused(t *testing.T) {
	const python = "void _PyEval_EvalFrameDefault(void) {} int PyCode_Type[100]; "
	const runtime = "struct { char cookie[8]; unsigned long words[200]; } _PyRuntime = "
	for name, c := range map[string]struct {
		source string
		want   error
		says   string
	}{
		"no Python":               {"int main(void) { return 0; }", ErrNotPython, ""},
		"Python 2":                {"void PyEval_EvalFrameEx(void) {} void PyString_FromString(void) {}", ErrOld, "Python 2"},
		"Python 3.5":              {"void PyEval_EvalFrameEx(void) {}", ErrOld, "3.5"},
		"Python 3.7":              {python + `const char tag[] = "cpython-37"; int _PyRuntime;`, ErrOld, "3.7"},
		"Python 3.16":             {python + "const unsigned long Py_Version = 0x031000f0; int _PyRuntime;", ErrNew, "3.16.0"},
		"Python 4":                {python + "const unsigned long Py_Version = 0x040000a1;", ErrNew, "4.0.0a1"},
		"PyPy":                    {"void PyPyUnicode_FromString(void) {}", ErrPyPy, ""},
		"no version":              {python + "int _PyRuntime;", ErrNotPython, "version"},
		"no runtime":              {python + "const unsigned long Py_Version = 0x030b02f0;", ErrNotPython, "_PyRuntime"},
		"traced references":       {python + "const unsigned long Py_Version = 0x030b02f0; int _PyRuntime; void _Py_AddToAllObjects(void) {}", ErrTraceRefs, ""},
		"no cookie":               {python + "const unsigned long Py_Version = 0x030d05f0; " + runtime + `{ "????????", {0} };`, ErrCorrupt, "xdebugpy"},
		"another's offsets":       {python + "const unsigned long Py_Version = 0x030d05f0; " + runtime + `{ "xdebugpy", { 0x030e00f0 } };`, ErrCorrupt, "3.14.0"},
		"offsets outside":         {python + "const unsigned long Py_Version = 0x030d05f0; " + runtime + `{ "xdebugpy", { 0x030d05f0, 0, 10, 2000, 3000 } };`, ErrCorrupt, ""},
		"half free-threaded":      {python + "const unsigned long Py_Version = 0x030d05f0; " + runtime + `{ "xdebugpy", { 0x030d05f0, 7 } };`, ErrCorrupt, "free_threaded"},
		"offsets beyond the file": {python + "const unsigned long Py_Version = 0x030d05f0; char _PyRuntime[4];", elf.ErrCorrupt, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := describe(t, library(t, c.source))
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %v with %q", err, c.want, c.says)
			}
		})
	}
}

func TestMachine(t *testing.T) {
	path := library(t, "int x;")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[18] = 243 // EM_RISCV
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := describe(t, path); !errors.Is(err, ErrMachine) || !strings.Contains(err.Error(), "RISCV") {
		t.Error(err)
	}
}

func TestVersions(t *testing.T) {
	for hex, want := range map[uint64]string{0x030e06f0: "3.14.6", 0x030f00a3: "3.15.0a3", 0x030d00c2: "3.13.0rc2", 0x030c00b4: "3.12.0b4"} {
		if got := decodeVersion(hex).String(); got != want {
			t.Errorf("%#x: %s, want %s", hex, got, want)
		}
	}
	for name, want := range map[string]string{"python3.8": "3.8", "libpython3.10d.so.1.0": "3.10", "python3": "", "python": "", "uwsgi": "", "python2.7": "2.7"} {
		v, ok := nameVersion(name)
		if got := v.String(); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %s, %v, want %q", name, got, ok, want)
		}
	}
}

// The version of a stripped 3.8 to 3.10 stands among its constants, whatever
// the file is called.
func TestCacheTag(t *testing.T) {
	const python = "void _PyEval_EvalFrameDefault(void) {} int PyCode_Type[100], _PyRuntime; "
	for source, want := range map[string]string{
		`const char a[] = "cpython-310", b[] = "cpython-310-x86_64-linux-gnu", c[] = "cpython-";`: "3.10",
		`const char a[] = "cpython-38", b[] = "cpython-39";`:                                      "3.9", // not clear: the name decides
	} {
		p, err := func() (*Python, error) {
			f, err := elf.Open(library(t, python+source))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			return Describe(f, "/opt/bin/python3.9")
		}()
		if err != nil || p.Version != want {
			t.Errorf("%s: %+v, %v, want %s", source, p, err, want)
		}
	}
}

func TestOpcodes(t *testing.T) {
	for minor := 11; minor <= newest; minor++ {
		o := opcodes[minor]
		undefined := map[uint8]bool{}
		for _, c := range o.Undefined {
			if undefined[c] {
				t.Errorf("3.%d: undefined %d twice", minor, c)
			}
			undefined[c] = true
		}
		hot := false
		for _, r := range o.Resume {
			if undefined[r.Code] {
				t.Errorf("3.%d: %s is undefined", minor, r.Name)
			}
			hot = hot || r == o.Hot
		}
		if !hot {
			t.Errorf("3.%d: the hot %s is not of the family", minor, o.Hot.Name)
		}
	}
	for minor, n := range map[int]int{11: 74, 12: 63, 13: 44, 14: 29, 15: 22} {
		if got := len(opcodes[minor].Undefined); got != n {
			t.Errorf("3.%d: %d undefined opcodes, want %d", minor, got, n)
		}
	}
}
