package cpython

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"pytop/collect/elf"
)

// pyenv finds the pyenv installation of a minor version.
func pyenv(t *testing.T, minor int) string {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Skip(err)
	}
	found, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions", fmt.Sprintf("3.%d.*", minor)))
	if len(found) == 0 {
		t.Skipf("no Python 3.%d of pyenv on this machine", minor)
	}
	return found[len(found)-1]
}

// fromHeaders compiles testdata/offsets.c with a version's headers and runs it.
func fromHeaders(t *testing.T, include string, flags ...string) map[string]string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler: ", err)
	}
	if _, err := os.Stat(filepath.Join(include, "internal")); err != nil {
		t.Skip("no headers: ", err)
	}
	program := filepath.Join(t.TempDir(), "offsets")
	out, err := exec.Command(cc, append(flags, "-w", "-I", include, "-I", filepath.Join(include, "internal"), "-o", program, "testdata/offsets.c")...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err = exec.Command(program).Output()
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		fields[name] = value
	}
	return fields
}

// compare compares offsets with what the C compiler says, every field of every group.
func compare(t *testing.T, got Offsets, want map[string]string) {
	t.Helper()
	groups := reflect.ValueOf(got)
	for g := range groups.NumField() {
		for f := range groups.Field(g).NumField() {
			name := groups.Type().Field(g).Name + "." + groups.Field(g).Type().Field(f).Name
			value := strconv.FormatUint(groups.Field(g).Field(f).Uint(), 10)
			if value == strconv.FormatUint(uint64(Absent), 10) {
				value = "-1"
			}
			if value != want[name] {
				t.Errorf("%s is %s, the headers say %q", name, value, want[name])
			}
		}
	}
}

func TestClosedOffsets(t *testing.T) {
	for minor := oldest; minor <= 12; minor++ {
		t.Run(fmt.Sprintf("3.%d", minor), func(t *testing.T) {
			include := filepath.Join(pyenv(t, minor), "include", fmt.Sprintf("python3.%d", minor))
			compare(t, closed[minor], fromHeaders(t, include))
		})
	}
}

// From 3.13 the file tells, and the rest is computed: the headers must agree.
func TestToldOffsets(t *testing.T) {
	const minor = 13
	prefix := pyenv(t, minor)
	path := filepath.Join(prefix, "lib/libpython3.13.so.1.0")
	f, err := elf.Open(path)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	p, err := Describe(f, path)
	if err != nil {
		t.Fatal(err)
	}
	include := filepath.Join(prefix, "include/python3.13")
	compare(t, p.Offsets, fromHeaders(t, include))

	// The same headers tell the layout of a free-threaded build.
	told := fromHeaders(t, include, "-DPy_GIL_DISABLED=1")
	free := filepath.Join(pythons(t), "debian-trixie/opt/freethreaded-3.13/bin/python3.13")
	g, err := elf.Open(free)
	if err != nil {
		t.Skip("no free-threaded build: ", err)
	}
	defer g.Close()
	if p, err = Describe(g, free); err != nil {
		t.Fatal(err)
	}
	if !p.Traits.FreeThreaded {
		t.Error("not seen as free-threaded")
	}
	// Micro versions differ in the size of PyThreadState, which interp embeds.
	for _, name := range []string{"Interpreter.Next", "Interpreter.ThreadsHead", "Interpreter.ID", "Interpreter.GIL", "Runtime.InterpretersHead", "Runtime.InterpretersMain"} {
		delete(told, name)
	}
	o := p.Offsets
	told["Interpreter.Next"] = fmt.Sprint(o.Interpreter.Next)
	told["Interpreter.ThreadsHead"] = fmt.Sprint(o.Interpreter.ThreadsHead)
	told["Interpreter.Size"] = fmt.Sprint(o.Interpreter.Size)
	told["Interpreter.ID"] = fmt.Sprint(o.Interpreter.ID)
	told["Interpreter.GIL"] = fmt.Sprint(o.Interpreter.GIL)
	told["Runtime.InterpretersHead"] = fmt.Sprint(o.Runtime.InterpretersHead)
	told["Runtime.InterpretersMain"] = fmt.Sprint(o.Runtime.InterpretersMain)
	compare(t, o, told)
}

// pythons is the directory of the CPythons that testdata/pythons.sh fetches.
func pythons(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("PYTOP_PYTHONS")
	if dir == "" {
		dir = "../../.cache/pythons"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("testdata/pythons.sh was not run: ", err)
	}
	return dir
}
