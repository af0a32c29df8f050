package live

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

// python is an interpreter of the matrix; see testdata/pythons.sh.
type python struct {
	name, chroot, path, notes string
	home                      string // of a copy: PYTHONHOME
}

// needRoot skips a live test where pytop cannot count; in CI it must be able to.
func needRoot(t testing.TB) {
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

const repository = "../.."

// pythons finds the interpreters that this machine has: its own, pyenv's, and
// those that make pythons fetched.
func pythons(t testing.TB) []python {
	t.Helper()
	var list []python
	if path, err := exec.LookPath("/usr/bin/python3"); err == nil {
		list = append(list, python{name: "system", path: path})
	}
	home, _ := os.UserHomeDir()
	found, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions/3.*/bin/python3"))
	for _, path := range found {
		version := filepath.Base(filepath.Dir(filepath.Dir(path)))
		if !strings.HasPrefix(version, "3.6.") && !strings.HasPrefix(version, "3.7.") {
			list = append(list, python{name: "pyenv-" + version, path: path})
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
		p := python{name: f[0], chroot: f[1], path: f[2], notes: f[4]}
		if p.chroot == "-" {
			p.chroot, p.path = "", filepath.Join(root, p.path)
		} else {
			p.chroot = filepath.Join(root, p.chroot)
		}
		list = append(list, p)
	}
	return list
}

// distinct are the interpreters whose GIL can differ: an executable and its
// libpython, stripped or not, have the same. PYTOP_ALL=1 takes all of them.
func distinct(t testing.TB) []python {
	all := pythons(t)
	if os.Getenv("PYTOP_ALL") == "1" {
		return all
	}
	return slices.DeleteFunc(all, func(p python) bool {
		return strings.Contains(p.notes, "embed") || strings.HasPrefix(p.name, "stripped-") || strings.HasPrefix(p.name, "switch-") || strings.HasPrefix(p.name, "relr-")
	})
}

// workloads is the directory of the workloads as the interpreter sees it.
func (p python) workloads(t testing.TB) string {
	t.Helper()
	source, err := filepath.Abs(filepath.Join(repository, "testdata/workloads"))
	if err != nil {
		t.Fatal(err)
	}
	if p.chroot == "" {
		return source
	}
	inside, err := os.MkdirTemp(filepath.Join(p.chroot, "tmp"), "pytop-")
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
	return strings.TrimPrefix(filepath.Join(inside, "workloads"), p.chroot)
}

func (p python) command(args ...string) *exec.Cmd {
	c := exec.Command(p.path, args...)
	if p.chroot != "" {
		c.SysProcAttr = &syscall.SysProcAttr{Chroot: p.chroot}
		c.Dir = "/"
		c.Err = nil // exec looked for it outside
		c.Path = p.path
	}
	c.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0"}
	if p.home != "" {
		c.Env = append(c.Env, "PYTHONHOME="+p.home)
	}
	c.Stderr = os.Stderr
	return c
}

type rowKey struct {
	file, function string
	line           int
}

// wantRow is what a workload says of a function.
type wantRow struct {
	File     string `json:"file"`
	Function string `json:"function"`
	Line     int    `json:"line"`
	Calls    uint64 `json:"calls"`
	Resumes  uint64 `json:"resumes"`
	Ours     *bool  `json:"ours"`
}

// parseRows parses what a workload or truth.py says. whole: it counted the
// standard library too; sys.settrace misses what threads do before it is set.
func parseRows(t testing.TB, text []byte) (rows []wantRow, whole bool) {
	t.Helper()
	var said struct {
		Method string    `json:"method"`
		Rows   []wantRow `json:"rows"`
	}
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	if len(said.Rows) == 0 {
		t.Fatal("the workload expects no function")
	}
	whole = said.Method == "sys.monitoring"
	for _, row := range said.Rows {
		if whole && !isRacy(row.File) || row.Ours == nil || *row.Ours {
			rows = append(rows, row)
		}
	}
	return rows, whole
}

// isRacy: how often the functions of threading wait depends on which thread is
// first, and whether those of logging outlive the exit handlers on the collector.
func isRacy(file string) bool {
	return strings.HasSuffix(file, "/threading.py") || strings.HasSuffix(file, "/logging/__init__.py")
}
