package site

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pytop/collect/cpython"
	"pytop/collect/elf"
)

// cached is a small file, its plan, and the cache that holds it.
func cached(t *testing.T) (*elf.File, *cpython.Python, *Plan, Cache, string) {
	t.Helper()
	f, p := made(t, map[string]string{"RESUME": plainResume, "RESUME_CHECK": plainCheck, "INSTRUMENTED_RESUME": plainResume}, "")
	c := Cache{Dir: filepath.Join(t.TempDir(), "a", "b")}
	plan, err := c.Find(f, p)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(c.Dir, "*"))
	if err != nil || len(files) != 1 || !strings.HasSuffix(files[0], ".json") {
		t.Fatalf("%q, %v", files, err)
	}
	return f, p, plan, c, files[0]
}

func TestCache(t *testing.T) {
	f, p, plan, c, file := cached(t)
	for path, mode := range map[string]os.FileMode{c.Dir: 0o700, file: 0o600} {
		info, err := os.Lstat(path)
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	// A mark tells that the plan comes out of the cache.
	edit(t, file, func(p *Plan) { p.Method = "cached" })
	again, err := c.Find(f, p)
	if err != nil || again.Method != "cached" {
		t.Fatalf("%+v, %v", again, err)
	}
	again.Method = plan.Method
	if !reflect.DeepEqual(again, plan) {
		t.Errorf("got %+v\nwant %+v", again, plan)
	}
}

func edit(t *testing.T, file string, change func(*Plan)) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var p Plan
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	change(&p)
	if b, err = json.Marshal(&p); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What a cache says is believed only as far as the file bears it out.
func TestCacheIsNotBelieved(t *testing.T) {
	f, p, plan, c, file := cached(t)
	for name, change := range map[string]func(*Plan){
		"no sites":               func(p *Plan) { p.Calls = nil },
		"other bytes":            func(p *Plan) { p.Calls[0].Bytes[0] ^= 1 },
		"not an emulated one":    func(p *Plan) { p.Calls[0].Address -= 7; p.Calls[0].Offset -= 7 },
		"elsewhere in the file":  func(p *Plan) { p.Calls[0].Offset += 16 },
		"a register out of line": func(p *Plan) { p.Calls[0].Frame = 77 },
		"the stack pointer":      func(p *Plan) { p.Calls[0].Code = rsp },
		"another condition":      func(p *Plan) { p.Calls[0].When = IfTaken; p.Calls[0].Condition ^= 1 },
		"an odd slot":            func(p *Plan) { p.Calls[0].Slot = 3 },
		"no condition at all":    func(p *Plan) { p.Calls[0].When = When(9) },
		"a site twice":           func(p *Plan) { p.Calls = append(p.Calls, p.Calls[0]) },
		"an escape code":         func(p *Plan) { p.Weak = "\x1b[2J" },
		"far too many":           func(p *Plan) { p.Freed = make([]Site, mostSites+1) },
		"outside the text":       func(p *Plan) { p.Freed[0].Address = 1 << 50 },
	} {
		edit(t, file, func(p *Plan) { p.Method = "cached"; change(p) })
		again, err := c.Find(f, p)
		if err != nil || again.Method != plan.Method {
			t.Errorf("%s: %+v, %v", name, again, err)
		}
	}
	for name, content := range map[string]string{"nothing": "", "no JSON": "{", "an endless one": strings.Repeat(" ", mostCached+1)} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if again, err := c.Find(f, p); err != nil || again.Method != plan.Method {
			t.Errorf("%s: %+v, %v", name, again, err)
		}
	}
}

// Links and other people's directories are left alone, and no cache is no error.
func TestCacheStaysPrivate(t *testing.T) {
	f, p, plan, c, file := cached(t)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(elsewhere, []byte(strings.Replace(string(b), plan.Method, "cached", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(name string, c Cache) {
		t.Helper()
		if again, err := c.Find(f, p); err != nil || again.Method != plan.Method {
			t.Errorf("%s: %+v, %v", name, again, err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, file); err != nil {
		t.Fatal(err)
	}
	check("a link in place of the file", c)
	if info, err := os.Lstat(file); err != nil || !info.Mode().IsRegular() {
		t.Errorf("the link was not replaced: %v, %v", info.Mode(), err)
	}
	if now, err := os.ReadFile(elsewhere); err != nil || !strings.Contains(string(now), "cached") {
		t.Error("written through the link")
	}

	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(c.Dir, link); err != nil {
		t.Fatal(err)
	}
	edit(t, file, func(p *Plan) { p.Method = "cached" })
	check("a link in place of the directory", Cache{link})
	if err := os.Chmod(c.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	check("a directory that all may write", c)
	check("a file in place of the directory", Cache{elsewhere})
	check("no directory", Cache{})
}

func BenchmarkCached(b *testing.B) {
	for name, path := range pythons(b) {
		b.Run(name, func(b *testing.B) {
			c := Cache{b.TempDir()}
			f, p := open(b, path)
			if _, err := c.Find(f, p); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				f, p = open(b, path)
				if _, err := c.Find(f, p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What earlier versions wrote is not looked at, and the cache does not grow
// without bound.
func TestCacheFiles(t *testing.T) {
	f, p, plan, c, file := cached(t)
	key, err := KeyOf(f, p)
	if err != nil || filepath.Base(file) != "plan-"+key.String()+".json" {
		t.Fatalf("%s, %v", file, err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	for n := range mostFiles + 10 {
		name := filepath.Join(c.Dir, fmt.Sprintf("%032x.json", n))
		if err := os.WriteFile(name, []byte(strings.Replace(string(content), plan.Method, "cached", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, time.Time{}, time.Unix(int64(1000+n), 0)); err != nil {
			t.Fatal(err)
		}
	}
	if again, err := c.Find(f, p); err != nil || again.Method != plan.Method {
		t.Errorf("%+v, %v", again, err)
	}
	left, err := os.ReadDir(c.Dir)
	if err != nil || len(left) != mostFiles {
		t.Errorf("%d files, %v", len(left), err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the newest: %v", err)
	}
}
