// Package livetest is what the live tests share: the interpreters, and the
// workloads whose counts are known.
package livetest

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pytop/collect/proc"
)

// Python is an interpreter of the matrix; see testdata/pythons.sh.
type Python struct {
	Name, Chroot, Path, Notes string
	Home                      string // of a copy: PYTHONHOME
}

// NeedRoot skips a live test where pytop cannot count; in CI it must be able to.
func NeedRoot(t testing.TB) {
	t.Helper()
	caps, err := proc.System().Capabilities()
	if err == nil && caps.Has(proc.CapBPF) && caps.Has(proc.CapPerfmon) && caps.Has(proc.CapSysPtrace) {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("CI must be able to load BPF programs")
	}
	t.Skip("needs CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE: run as root")
}

// repository is the root of the repository, above the directory of the tests that
// run: what the compiler knew of it may be trimmed, and the tests run elsewhere.
var repository = func() string {
	for dir := "."; len(dir) < 64; dir = filepath.Join(dir, "..") {
		if _, err := os.Stat(filepath.Join(dir, "testdata/workloads")); err == nil {
			return dir
		}
	}
	return "."
}()

// Pythons finds the interpreters that this machine has: its own, pyenv's, and
// those that make pythons fetched.
func Pythons(t testing.TB) []Python {
	t.Helper()
	var list []Python
	if path, err := exec.LookPath("/usr/bin/python3"); err == nil {
		list = append(list, Python{Name: "system", Path: path})
	}
	home, _ := os.UserHomeDir()
	found, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions/3.*/bin/python3"))
	for _, path := range found {
		version := filepath.Base(filepath.Dir(filepath.Dir(path)))
		if !strings.HasPrefix(version, "3.6.") && !strings.HasPrefix(version, "3.7.") {
			list = append(list, Python{Name: "pyenv-" + version, Path: path})
		}
	}
	root := os.Getenv("PYTOP_PYTHONS")
	if root == "" {
		root = filepath.Join(repository, ".cache/pythons")
	}
	root, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.Join(root, "manifest.tsv"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI runs over all interpreters: %v: make pythons", err)
		}
		t.Logf("only the interpreters that the machine has anyway: %v (make pythons fetches the rest)", err)
		return list
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		f := strings.Split(lines.Text(), "\t")
		if strings.HasPrefix(lines.Text(), "#") || len(f) < 5 {
			continue
		}
		p := Python{Name: f[0], Chroot: f[1], Path: f[2], Notes: f[4]}
		if p.Chroot == "-" {
			p.Chroot, p.Path = "", filepath.Join(root, p.Path)
		} else {
			p.Chroot = filepath.Join(root, p.Chroot)
		}
		list = append(list, p)
	}
	return list
}

// Distinct are the interpreters whose GIL can differ: an executable and its
// libpython, stripped or not, have the same. PYTOP_ALL=1 takes all of them.
func Distinct(t testing.TB) []Python {
	all := Pythons(t)
	if os.Getenv("PYTOP_ALL") == "1" {
		return all
	}
	return slices.DeleteFunc(all, func(p Python) bool {
		return strings.Contains(p.Notes, "embed") || strings.HasPrefix(p.Name, "stripped-") || strings.HasPrefix(p.Name, "switch-") || strings.HasPrefix(p.Name, "relr-")
	})
}

// Workloads is the directory of the workloads as the interpreter sees it.
func (p Python) Workloads(t testing.TB) string {
	t.Helper()
	source, err := filepath.Abs(filepath.Join(repository, "testdata/workloads"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Chroot == "" {
		return source
	}
	inside, err := os.MkdirTemp(filepath.Join(p.Chroot, "tmp"), "pytop-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(inside) })
	if err := os.CopyFS(filepath.Join(inside, "workloads"), os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(filepath.Join(inside, "workloads"), p.Chroot)
}

func (p Python) Command(args ...string) *exec.Cmd {
	c := exec.Command(p.Path, args...)
	if p.Chroot != "" {
		c.SysProcAttr = &syscall.SysProcAttr{Chroot: p.Chroot}
		c.Dir = "/"
		c.Err = nil // exec looked for it outside
		c.Path = p.Path
	}
	c.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0"}
	if p.Home != "" {
		c.Env = append(c.Env, "PYTHONHOME="+p.Home)
	}
	c.Stderr = os.Stderr
	return c
}

type RowKey struct {
	File, Function string
	Line           int
}

// WantRow is what a workload says of a function.
type WantRow struct {
	File     string `json:"file"`
	Function string `json:"function"`
	Line     int    `json:"line"`
	Calls    uint64 `json:"calls"`
	Resumes  uint64 `json:"resumes"`
	Ours     *bool  `json:"ours"`
}

// ParseRows parses what a workload or truth.py says. whole: it counted the
// standard library too; sys.settrace misses what threads do before it is set.
func ParseRows(t testing.TB, text []byte) (rows []WantRow, whole bool) {
	t.Helper()
	var said struct {
		Method string    `json:"method"`
		Rows   []WantRow `json:"rows"`
	}
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	if len(said.Rows) == 0 {
		t.Fatal("the workload expects no function")
	}
	whole = said.Method == "sys.monitoring"
	for _, row := range said.Rows {
		if whole && !IsRacy(row.File) || row.Ours == nil || *row.Ours {
			rows = append(rows, row)
		}
	}
	return rows, whole
}

// IsRacy: how often the functions of threading wait depends on which thread is
// first, and whether those of logging outlive the exit handlers on the collector.
func IsRacy(file string) bool {
	return strings.HasSuffix(file, "/threading.py") || strings.HasSuffix(file, "/logging/__init__.py")
}

// Library is the file that holds an interpreter's code: a libpython, or the
// interpreter itself.
func (p Python) Library(t testing.TB) string {
	t.Helper()
	out, err := p.Command("-c", "import sys\nprint(next((l.split()[-1] for l in open('/proc/self/maps') if 'libpython' in l), sys.executable))").Output()
	if err != nil {
		t.Fatal(err)
	}
	path, err := filepath.EvalSymlinks(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Sample are the interpreters on which slow tests run: of each minor version one
// that is no debug build, besides the newest debug build and the newest of
// python-build-standalone. PYTOP_ALL=1 takes all that Distinct has.
func Sample(t testing.TB) []Python {
	t.Helper()
	all := Distinct(t)
	if os.Getenv("PYTOP_ALL") == "1" {
		return all
	}
	var list []Python
	last := map[string]Python{}
	seen := map[string]bool{}
	for _, p := range all {
		kind := "of a minor version"
		for _, one := range []string{"debug", "standalone", "freethreaded"} {
			if strings.Contains(p.Notes, one) {
				kind = one
			}
		}
		if kind != "of a minor version" {
			last[kind] = p // they are listed in ascending order
			continue
		}
		if minor := p.minor(t); !seen[minor] {
			seen[minor], list = true, append(list, p)
		}
	}
	for _, kind := range []string{"debug", "standalone", "freethreaded"} {
		if p, ok := last[kind]; ok {
			list = append(list, p)
		}
	}
	return list
}

// minor is an interpreter's version, such as 3.14.
func (p Python) minor(t testing.TB) string {
	t.Helper()
	out, err := p.Command("-c", "import sys; print('%d.%d' % sys.version_info[:2])").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
