package site

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"pytop/collect/cpython"
	"pytop/collect/elf"
)

// finder is the version of what Find does: raise it whenever a file's plan may
// change, so that cached plans are found anew.
const finder = 4

// Cache keeps plans on disk, by Key. What it reads back is not believed: see
// restore. Its zero value keeps nothing.
type Cache struct {
	Dir string // private to the user; created when needed
}

// DefaultCache is the user's own: /var/cache/pytop for root, else pytop in
// $XDG_CACHE_HOME or ~/.cache.
func DefaultCache() Cache {
	if os.Geteuid() == 0 {
		return Cache{"/var/cache/pytop"}
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return Cache{} // nowhere to keep anything
	}
	return Cache{filepath.Join(dir, "pytop")}
}

const (
	privateDir  = 0o700
	privateFile = 0o600
)

// Find is the package's Find, out of the cache where it can be, by the file's
// Key. A cache that cannot be read or written merely does not help. Nothing is
// kept of the file: see elf.File's Release.
func (c Cache) Find(f *elf.File, p *cpython.Python) (*Plan, error) {
	defer f.Release()
	key, err := KeyOf(f, p)
	if err != nil {
		return nil, err
	}
	name := "plan-" + key.String() + ".json" // before there were keys: no "plan-"
	if b, err := c.read(name); err == nil {
		if plan, err := restore(f, p, b); err == nil {
			return plan, nil
		}
	}
	plan, err := Find(f, p)
	if err != nil {
		return nil, err
	}
	if b, err := json.Marshal(plan); err == nil {
		_ = c.write(name, b) // the plan is good without it
	}
	return plan, nil
}

// open opens the directory if it is ours alone.
func (c Cache) open() (*os.Root, error) {
	if c.Dir == "" {
		return nil, fs.ErrNotExist
	}
	info, err := os.Lstat(c.Dir)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() || !ours(info) {
		return nil, fmt.Errorf("cache %s: %w: not a directory of ours alone", c.Dir, fs.ErrPermission)
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, err
	}
	if now, err := root.Stat("."); err != nil || !os.SameFile(info, now) {
		return nil, errors.Join(fs.ErrPermission, root.Close())
	}
	return root, nil
}

// ours tells whether a file is the user's, and nobody else can write it.
func ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o022 == 0
}

func (c Cache) read(name string) ([]byte, error) {
	root, err := c.open()
	if err != nil {
		return nil, err
	}
	defer root.Close()
	in, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil || !info.Mode().IsRegular() || !ours(info) || info.Size() > mostCached {
		return nil, errors.Join(fs.ErrPermission, err)
	}
	return io.ReadAll(io.LimitReader(in, mostCached))
}

// write puts a file in place whole: a reader sees the old one or the new one.
func (c Cache) write(name string, b []byte) (err error) {
	if c.Dir == "" {
		return nil
	}
	if err := os.MkdirAll(c.Dir, privateDir); err != nil {
		return err
	}
	root, err := c.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	fresh := "new-" + rand.Text()
	out, err := root.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, privateFile)
	if err != nil {
		return err
	}
	_, err = out.Write(b)
	if err = errors.Join(err, out.Close()); err == nil {
		err = root.Rename(fresh, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(fresh))
	}
	return prune(root)
}

// mostFiles bounds the cache: everybody may run one more copy of an interpreter.
const mostFiles = 256

// prune removes the files that were written longest ago when there are too many.
func prune(root *os.Root) error {
	dir, err := root.Open(".")
	if err != nil {
		return err
	}
	names, err := dir.Readdirnames(-1)
	if err = errors.Join(err, dir.Close()); err != nil || len(names) <= mostFiles {
		return err
	}
	var files []fs.FileInfo
	for _, name := range names {
		if info, err := root.Lstat(name); err == nil {
			files = append(files, info)
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, old := range files[:max(0, len(files)-mostFiles)] {
		err = errors.Join(err, root.Remove(old.Name()))
	}
	return err
}
