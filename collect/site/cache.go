package site

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"pytop/collect/cpython"
	"pytop/collect/elf"
)

// finder is the version of what Find does: raise it whenever a file's plan may
// change, so that cached plans are found anew.
const finder = 3

// Cache keeps plans on disk, by build. What it reads back is not believed: see
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
	mostCached  = 1 << 20 // bytes; a plan of twenty sites has 6,000
	mostSites   = 1000    // of one kind
	privateDir  = 0o700
	privateFile = 0o600
)

// Find is the package's Find, out of the cache where it can be. A cache that
// cannot be read or written merely does not help.
func (c Cache) Find(f *elf.File, p *cpython.Python) (*Plan, error) {
	name, err := cacheName(f, p)
	if err != nil {
		return nil, err
	}
	if b, err := c.read(name); err == nil {
		if plan, err := restore(f, b); err == nil {
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

// cacheName names a build: its build ID, without one its fingerprint.
func cacheName(f *elf.File, p *cpython.Python) (string, error) {
	h := sha256.New()
	id := f.BuildID()
	fmt.Fprintf(h, "finder %d, CPython %s %t, %d bytes, build %q\n", finder, p.Version, p.Traits.FreeThreaded, f.Size(), id)
	if id == "" {
		b, err := f.Fingerprint()
		if err != nil {
			return "", err
		}
		h.Write(b[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:16]) + ".json", nil
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
		err = errors.Join(err, root.Remove(fresh))
	}
	return err
}

// restore reads a cached plan. Everything that the file can tell is taken from
// the file: the plan must agree with it, instruction by instruction.
func restore(f *elf.File, b []byte) (*Plan, error) {
	var p Plan
	set := isaOf(f.Machine())
	if set == nil {
		return nil, errors.New("a plan for another machine")
	}
	if err := json.Unmarshal(b, &p); err != nil {
		return nil, err
	}
	if len(p.Calls) == 0 {
		return nil, errors.New("a plan without sites")
	}
	for _, sites := range [][]Site{p.Calls, p.Freed, p.Instrument, p.Executor} {
		if len(sites) > mostSites {
			return nil, errors.New("a plan of too many sites")
		}
		for i := range sites {
			if err := sites[i].restore(set); err != nil {
				return nil, fmt.Errorf("site %#x: %w", sites[i].Address, err)
			}
		}
	}
	return &p, Validate(f, &p)
}

// restore checks that a site is one that Find could have made.
func (s *Site) restore(set *isa) error {
	i := set.decode(s.Address, s.Bytes)
	known := func(r Register) bool { return r == None || r < set.registers && r != set.stack }
	switch {
	case len(s.Bytes) > set.longest || int(i.size) != len(s.Bytes) || i.cheap != s.Cheap:
		return errors.New("not the instruction it says")
	case s.When > IfNotTaken || s.When != Always && (i.flow != branches || i.condition != s.Condition):
		return errors.New("not the branch it says")
	case !known(s.Code) || !known(s.Frame) || !known(s.Next) || !known(s.Throw) || s.Slot%8 != 0 || s.Ahead > 15:
		return errors.New("no such register or slot")
	}
	s.Text = set.disassemble(s.Address, s.Bytes)
	return nil
}
