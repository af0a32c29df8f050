package site

import (
	"os"
	"path/filepath"
	"testing"

	"pytop/collect/elf"
)

// TestFindPrologue finds the sites in this machine's libc and in those that
// make pythons fetched.
func TestFindPrologue(t *testing.T) {
	root := os.Getenv("PYTOP_PYTHONS")
	if root == "" {
		root = "../../.cache/pythons"
	}
	files, _ := filepath.Glob(filepath.Join(root, "*/lib/x86_64-linux-gnu/libc.so.6"))
	for _, path := range append(files, "/lib/x86_64-linux-gnu/libc.so.6") {
		f, err := elf.Open(path)
		if err != nil {
			t.Logf("not here: %v", err)
			continue
		}
		for _, name := range []string{"pthread_cond_signal", "pthread_cond_timedwait", "pthread_cond_wait"} {
			s, ok := f.Default(name)
			old, _ := f.Symbol(name)
			if !ok {
				t.Fatalf("%s: no %s", path, name)
			}
			site, err := FindPrologue(f, s)
			if err != nil {
				t.Fatalf("%s: %s: %v", path, name, err)
			}
			t.Logf("%s %s at %#x (first listed at %#x): %#x %s", path, name, s.Address, old.Address, site.Address, site.Text)
			if !site.Cheap || site.Address-s.Address > 16 || ValidateSites(f, []Site{site}) != nil {
				t.Errorf("%s: %s: %+v", path, name, site)
			}
		}
		f.Close()
	}
}
