package site

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"pytop/collect/cpython"
	"pytop/collect/elf"
)

// pythons are the files of this machine that are CPythons: pyenv's, the
// system's, and those that testdata/pythons.sh fetches. Names tell builds apart.
func pythons(t testing.TB) map[string]string {
	t.Helper()
	found := map[string]string{"system": "/usr/bin/python3.11"}
	home, _ := os.UserHomeDir()
	pyenv, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions/3.*/lib/libpython3.*.so.1.0"))
	for _, path := range pyenv {
		found["pyenv "+filepath.Base(filepath.Dir(filepath.Dir(path)))] = path
	}
	dir := os.Getenv("PYTOP_PYTHONS")
	if dir == "" {
		dir = "../../.cache/pythons"
	}
	name := regexp.MustCompile(`(^|/)(libpython3\.[0-9]+d?t?\.so\.1\.0|bin/python3\.[0-9]+[dt]?)$`)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // somebody is filling it
		}
		if d.IsDir() && (d.Name() == "src" || d.Name() == "proc" || d.Name() == "sys" || d.Name() == "dev") {
			return fs.SkipDir
		}
		if d.Type().IsRegular() && name.MatchString(path) {
			short, _ := filepath.Rel(dir, path)
			found[short] = path
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range found {
		if _, err := os.Stat(path); err != nil {
			delete(found, name)
		}
	}
	return found
}

// open describes a file; a file that is no CPython of ours is skipped.
func open(t testing.TB, path string) (*elf.File, *cpython.Python) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { f.Close() })
	p, err := cpython.Describe(f, path)
	if errors.Is(err, cpython.ErrNotPython) || errors.Is(err, cpython.ErrOld) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f, p
}

// openQuietly describes a file; nil: it is no CPython of ours.
func openQuietly(path string) (*elf.File, *cpython.Python) {
	f, err := elf.Open(path)
	if err != nil {
		return nil, nil
	}
	p, err := cpython.Describe(f, path)
	if err != nil {
		f.Close()
		return nil, nil
	}
	return f, p
}

// stuck is when a made-up file is taken to keep the finder for ever. How fast it
// is on real ones is for BenchmarkFind and BenchmarkCallers to say.
const stuck = 10 * time.Second

func TestFind(t *testing.T) {
	builds := pythons(t)
	if len(builds) == 0 {
		t.Skip("no CPython on this machine")
	}
	for name, path := range builds {
		t.Run(name, func(t *testing.T) {
			f, p := open(t, path)
			plan, err := Find(f, p)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("Python %s %s: %s: %s", p.Version, p.Build(plan.Words()...), plan.Method, texts(plan))
			if plan.Weak != "" && (f.Machine() != elf.AArch64 || plan.Weak != noCheapFree) {
				t.Errorf("weak: %s", plan.Weak)
			}
			checkPlan(t, f, p, plan)
		})
	}
}

// noCheapFree: on arm64 a function begins with paciasp and stp, and may be past
// changing x0 where its first simulated instruction is.
const noCheapFree = "code_dealloc has no cheap instruction: each freed function costs microseconds"

// checkPlan checks what holds of every build.
func checkPlan(t *testing.T, f *elf.File, p *cpython.Python, plan *Plan) {
	t.Helper()
	set := isaOf(f.Machine())
	seen := map[uint64]bool{}
	for _, s := range plan.Calls {
		if seen[s.Address] {
			t.Errorf("%#x twice", s.Address)
		}
		seen[s.Address] = true
		if s.Slot%8 != 0 || s.Frame != None && s.Slot != 0 || s.Code == set.stack || s.Frame == set.stack || s.Next == set.stack {
			t.Errorf("%+v", s)
		}
		if !p.Traits.LegacyFrame && s.Throw != None {
			t.Errorf("throwflag from 3.11 on: %+v", s)
		}
	}
	sites := append(append(append(plan.Calls[:len(plan.Calls):len(plan.Calls)], plan.Freed...), plan.Instrument...), plan.Executor...)
	for _, s := range sites {
		if i := set.decode(s.Address, s.Bytes); s.Cheap != i.cheap || !s.Cheap && plan.Weak != noCheapFree {
			t.Errorf("not emulated: %s", s.Text)
		}
	}
	if len(plan.Freed) != 1 {
		t.Errorf("%d sites of code_dealloc", len(plan.Freed))
	}
	if p.Traits.Redispatch != (len(plan.Instrument) >= 2) {
		t.Errorf("%d calls of _Py_Instrument", len(plan.Instrument))
	}
}

// Symbols make no difference.
func TestStripped(t *testing.T) {
	strip, err := exec.LookPath("strip")
	if err != nil {
		t.Skip("no strip: ", err)
	}
	for name, path := range pythons(t) {
		if !strings.HasPrefix(name, "pyenv") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			f, p := open(t, path)
			want, err := Find(f, p)
			if err != nil {
				t.Fatal(err)
			}
			without := filepath.Join(t.TempDir(), filepath.Base(path))
			if out, err := exec.Command(strip, "-o", without, path).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			f, p = open(t, without)
			if !p.Traits.Stripped {
				t.Error("not seen as stripped")
			}
			got, err := Find(f, p)
			if err != nil {
				t.Fatal(err)
			}
			if texts(got) != texts(want) || got.Calls[0].Address != want.Calls[0].Address {
				t.Errorf("%s\nwant %s", texts(got), texts(want))
			}
		})
	}
}

// Where a file's sites are changed, nothing is attached.
func TestValidate(t *testing.T) {
	f, p := made(t, map[string]string{"RESUME": plainResume, "RESUME_CHECK": plainCheck, "INSTRUMENTED_RESUME": plainResume}, "")
	plan, err := Find(f, p)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Site){
		"other bytes":    func(s *Site) { s.Bytes = []byte{0x90, 0x90} },
		"no bytes":       func(s *Site) { s.Bytes = nil },
		"other offset":   func(s *Site) { s.Offset++ },
		"not executable": func(s *Site) { s.Address = p.Runtime; s.Offset, _ = f.Offset(p.Runtime) },
		"nowhere":        func(s *Site) { s.Address = 1 << 60 },
	} {
		changed := *plan
		changed.Calls = append([]Site(nil), plan.Calls...)
		change(&changed.Calls[0])
		if err := Validate(f, &changed); err == nil {
			t.Errorf("%s: valid", name)
		}
	}
}

// A damaged file gives sites or an error, soon.
func FuzzFind(f *testing.F) {
	var good []byte
	for name, path := range pythons(f) {
		if strings.HasPrefix(name, "pyenv 3.13") {
			good, _ = os.ReadFile(path)
		}
	}
	if good == nil {
		f.Skip("no Python 3.13 of pyenv on this machine")
	}
	const handlers = 0x8b8e0 // of pyenv's 3.13.0: where most is to be damaged
	f.Add(uint32(0), []byte{0x7f})
	f.Add(uint32(0x20), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Add(uint32(handlers), bytes.Repeat([]byte{0x74, 0xfe}, 2000))
	f.Add(uint32(handlers+0x5169), bytes.Repeat([]byte{0xeb, 0xfe}, 20))
	f.Add(uint32(handlers), bytes.Repeat([]byte{0xff, 0x24, 0xd7}, 8000))
	f.Add(uint32(0x4a0d20), bytes.Repeat([]byte{0}, 64))
	f.Fuzz(func(t *testing.T, at uint32, change []byte) {
		b := bytes.Clone(good)
		copy(b[uint64(at)%uint64(len(b)):], change)
		file, err := elf.New(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		p, err := cpython.Describe(file, "libpython3.13.so.1.0")
		if err != nil {
			return
		}
		began := time.Now()
		if plan, err := Find(file, p); err == nil && len(plan.Calls) == 0 {
			t.Error("neither sites nor an error")
		}
		if d := time.Since(began); d > stuck {
			t.Errorf("took %v", d)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	for name, path := range pythons(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f, p := open(b, path)
				if _, err := Find(f, p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
