package export

import (
	"encoding/csv"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"pytop/collect"
)

const taken = "pytop-all-20261121T140327Z.json"

func TestSave(t *testing.T) {
	dir := t.TempDir()
	var names []string
	for range 2 {
		saved, err := Save(dir, "", shop(), []Format{JSON, CSV}, Options{Version: "1"}, nil)
		if err != nil || saved.Refused != nil {
			t.Fatalf("%v, %v", err, saved.Refused)
		}
		for _, path := range saved.Paths {
			about, err := os.Lstat(path)
			if err != nil || about.Mode() != 0o600 || about.Size() == 0 || filepath.Dir(path) != dir {
				t.Errorf("%s: %v, %v", path, about, err)
			}
			names = append(names, filepath.Base(path))
		}
	}
	want := []string{taken, "pytop-all-20261121T140327Z-functions.csv",
		"pytop-all-20261121T140327Z-2.json", "pytop-all-20261121T140327Z-2-functions.csv"}
	if !slices.Equal(names, want) {
		t.Errorf("%q, not %q", names, want)
	}
	one := shop()
	one.Processes = one.Processes[:1]
	if got := stem(one); got != "pytop-4711-20261121T140327Z" {
		t.Errorf("of one process: %s", got)
	}
}

// TestSaveThroughNothing puts something of every kind where the file would
// go: none is opened, followed or changed, and another name is taken.
func TestSaveThroughNothing(t *testing.T) {
	for _, test := range []struct {
		name string
		put  func(t *testing.T, path, victim string) error
	}{
		{"file", func(_ *testing.T, path, _ string) error { return os.WriteFile(path, []byte("mine"), 0o666) }},
		{"link", func(_ *testing.T, path, victim string) error { return os.Symlink(victim, path) }},
		{"dangling link", func(_ *testing.T, path, victim string) error { return os.Symlink(victim+"-not", path) }},
		{"hard link", func(_ *testing.T, path, victim string) error { return os.Link(victim, path) }},
		{"FIFO", func(_ *testing.T, path, _ string) error { return syscall.Mkfifo(path, 0o666) }},
		{"directory", func(_ *testing.T, path, _ string) error { return os.Mkdir(path, 0o777) }},
		{"link to a device", func(_ *testing.T, path, _ string) error { return os.Symlink("/dev/full", path) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, outside := t.TempDir(), t.TempDir()
			victim := filepath.Join(outside, "victim")
			if err := os.WriteFile(victim, []byte("precious"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := test.put(t, filepath.Join(dir, taken), victim); err != nil {
				t.Fatal(err)
			}
			before, err := os.Lstat(filepath.Join(dir, taken))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Create(filepath.Join(dir, taken), nil); !errors.Is(err, fs.ErrExist) {
				t.Errorf("create: %v", err)
			}
			saved, err := Save(dir, "", shop(), []Format{JSON}, Options{}, nil)
			if err != nil || !strings.HasSuffix(saved.Paths[0], "Z-2.json") {
				t.Errorf("%q, %v", saved.Paths, err)
			}
			after, err := os.Lstat(filepath.Join(dir, taken))
			if err != nil || !os.SameFile(before, after) {
				t.Errorf("was replaced: %v", err)
			}
			if data, _ := os.ReadFile(victim); string(data) != "precious" {
				t.Errorf("the victim holds %q", data)
			}
			if entries, _ := os.ReadDir(outside); len(entries) != 1 {
				t.Errorf("outside there is %v", entries)
			}
		})
	}
}

// TestParentSwapped replaces the directory by a link after it was opened: the
// file stays in what was opened.
func TestParentSwapped(t *testing.T) {
	base := t.TempDir()
	wanted, moved, trap := filepath.Join(base, "wanted"), filepath.Join(base, "moved"), filepath.Join(base, "trap")
	for _, dir := range []string{wanted, trap} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := os.OpenRoot(wanted)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if err := errors.Join(os.Rename(wanted, moved), os.Symlink(trap, wanted)); err != nil {
		t.Fatal(err)
	}
	files, err := createAll(dir, "x", []part{{suffix: ".json"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(moved, "x.json")); err != nil {
		t.Error(err)
	}
	files[0].remove()
	for _, path := range []string{trap, moved} {
		if entries, _ := os.ReadDir(path); len(entries) != 0 {
			t.Errorf("%s holds %v", path, entries)
		}
	}
}

// needRoot skips a test that needs other users. As root it never skips.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: files of other users")
	}
}

// forNobody is a directory all the way to which nobody may go.
func forNobody(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for at := dir; at != os.TempDir() && at != "/"; at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSaveForAnotherUser(t *testing.T) {
	needRoot(t)
	nobody := &Owner{UID: 65534, GID: 65534}
	base := forNobody(t)
	theirs, roots := filepath.Join(base, "theirs"), filepath.Join(base, "roots")
	if err := errors.Join(os.Mkdir(theirs, 0o700), os.Chown(theirs, 65534, 65534), os.Mkdir(roots, 0o755)); err != nil {
		t.Fatal(err)
	}
	fallback := filepath.Join(theirs, "state", "pytop")
	saved, err := Save(roots, fallback, shop(), []Format{JSON, CSV}, Options{}, nobody)
	if err != nil || !errors.Is(saved.Refused, fs.ErrPermission) || len(saved.Paths) != 2 {
		t.Fatalf("%+v, %v", saved, err)
	}
	for _, path := range append(saved.Paths, fallback, filepath.Dir(fallback)) {
		about, err := os.Lstat(path)
		if err != nil || about.Mode().Perm()&0o077 != 0 {
			t.Fatalf("%s: %v, %v", path, about, err)
		}
		if stat := about.Sys().(*syscall.Stat_t); stat.Uid != 65534 || stat.Gid != 65534 {
			t.Errorf("%s belongs to %d:%d", path, stat.Uid, stat.Gid)
		}
	}
	if entries, _ := os.ReadDir(roots); len(entries) != 0 {
		t.Errorf("root's directory holds %v", entries)
	}
	// The user's link to where only root may write leads nowhere.
	if err := os.Symlink(roots, filepath.Join(theirs, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(filepath.Join(theirs, "link", "x.json"), nobody); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("through a link: %v", err)
	}
	// The rights of this thread and of all others are as before.
	for range 50 {
		file, err := Create(filepath.Join(roots, "mine.json"), nil)
		if err != nil {
			t.Fatal(err)
		}
		file.remove()
	}
}

func TestSaveNowhere(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	_, err := Save(missing, "", shop(), []Format{JSON}, Options{}, nil)
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("%v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = Save(missing, filepath.Join(file, "pytop"), shop(), []Format{JSON}, Options{}, nil); err == nil ||
		!strings.Contains(err.Error(), missing) || !strings.Contains(err.Error(), file) {
		t.Errorf("%v", err)
	}
	fallback := filepath.Join(t.TempDir(), "a", "b")
	saved, err := Save(missing, fallback, shop(), []Format{JSONL}, Options{}, nil)
	if err != nil || saved.Refused == nil || filepath.Dir(saved.Paths[0]) != fallback {
		t.Errorf("%+v, %v", saved, err)
	}
}

// TestNothingLeft fails in the second file, and finds neither afterwards.
func TestNothingLeft(t *testing.T) {
	dir := t.TempDir()
	old := tables
	defer func() { tables = old }()
	full := func(*csv.Writer, *collect.Snapshot, Options) error { return syscall.ENOSPC }
	tables = append(slices.Clone(tables), table{name: "broken", rows: full})
	if _, err := Save(dir, "", shop(), []Format{JSON, CSV}, Options{}, nil); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.jsonl")
	file, err := Create(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWriter(file, JSONL, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(shop()), w.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	about, err := os.Stat(path)
	if err != nil || about.Mode() != 0o600 || about.Size() == 0 {
		t.Errorf("%v, %v", about, err)
	}
	if _, err := Create(filepath.Join(t.TempDir(), "no", "x.csv"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func TestStateDir(t *testing.T) {
	for _, test := range []struct{ xdg, home, want string }{
		{"/x/state", "/home/ada", "/x/state/pytop"},
		{"", "/home/ada", "/home/ada/.local/state/pytop"},
		{"relative", "/home/ada", "/home/ada/.local/state/pytop"},
		{"", "", ""},
	} {
		if got := StateDir(test.xdg, test.home); got != test.want {
			t.Errorf("%+v: %q", test, got)
		}
	}
}
