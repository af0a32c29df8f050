package gil

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pytop/collect/elf"
	"pytop/collect/live/inspect"
	"pytop/collect/proc"
	"pytop/collect/site"

	"golang.org/x/sys/unix"
)

// conditions is where in a file probes see condition variables waited for and
// signalled: in the functions that do it (libc, and before glibc 2.34 libpthread),
// inspected once, or at a CPython's calls of them.
type conditions struct {
	id                      proc.FileID
	name                    string
	file                    *os.File
	elf                     *elf.File
	atCalls                 bool // these are a CPython's calls, and elf and file its build's
	signal, timedwait, wait []site.Site
	followed                int       // processes that are attached to there: each hit asks the links of all
	unused                  time.Time // since when no process is; zero: one is, or was lately
}

func (c *conditions) path() string { return fmt.Sprintf("/proc/self/fd/%d", c.file.Fd()) }

var errNoConditions = errors.New("find pthread_cond_signal in what it has loaded")

// conditionsOf finds or inspects the file whose functions a process calls.
func (t *table) conditionsOf(pid int) (*conditions, error) {
	maps, err := proc.System().Maps(pid)
	if err != nil {
		return nil, err
	}
	var last error
	for _, m := range conditionFiles(maps) {
		id := m.ID()
		for _, c := range t.conditions {
			if c.id == id {
				return c, nil
			}
		}
		c, err := openConditions(pid, m, id)
		if err == nil {
			t.conditions = append(t.conditions, c)
			return c, nil
		}
		last = err
	}
	if last != nil {
		return nil, fmt.Errorf("%w: %w", errNoConditions, last)
	}
	return nil, errNoConditions
}

// conditionFiles are the files that may have the functions, the likeliest
// first. In libc before glibc 2.34 there are only stubs of them.
func conditionFiles(maps []proc.Mapping) []proc.Mapping {
	rank := func(m proc.Mapping) int {
		name := filepath.Base(m.Path)
		switch {
		case strings.HasPrefix(name, "libpthread"):
			return 0
		case strings.HasPrefix(name, "libc.so"), strings.HasPrefix(name, "libc-"), strings.HasPrefix(name, "ld-musl"), strings.HasPrefix(name, "libc.musl"):
			return 1
		case !strings.Contains(name, ".so"):
			return 2 // linked statically
		}
		return 3
	}
	var list []proc.Mapping
	for r := range 3 {
		for _, m := range inspect.Candidates(maps, "") {
			if rank(m) == r {
				list = append(list, m)
			}
		}
	}
	return list
}

func openConditions(pid int, m proc.Mapping, id proc.FileID) (_ *conditions, err error) {
	path, err := proc.System().MapFile(pid, m)
	if err != nil {
		return nil, err
	}
	c := &conditions{id: id, name: filepath.Base(m.Path)}
	if c.file, err = os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0); err != nil { // what is no file may wait for a writer
		return nil, err
	}
	e, err := elf.Of(c.file)
	if err == nil {
		err = errors.Join(c.find(e), e.Close())
	}
	if err == nil {
		c.elf, err = elf.Of(c.file) // another, which keeps nothing of the text
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", m.Path, err), c.file.Close())
	}
	return c, nil
}

func (c *conditions) close() error { return errors.Join(c.elf.Close(), c.file.Close()) }

func (c *conditions) find(e *elf.File) error {
	for _, f := range []struct {
		name string
		to   *[]site.Site
	}{{"pthread_cond_signal", &c.signal}, {"pthread_cond_timedwait", &c.timedwait}, {"pthread_cond_wait", &c.wait}} {
		symbol, ok := e.Default(f.name)
		if !ok {
			return fmt.Errorf("it has no %s", f.name)
		}
		found, err := site.FindPrologue(e, symbol)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		*f.to = []site.Site{found}
	}
	return nil
}

const (
	// releaseEvery is how often is looked for what can be given up.
	releaseEvery = 10 * time.Second
	// keptConditions is how long what was found in a file is kept when no process
	// uses it.
	keptConditions = 10 * time.Minute
)

// releaseConditions gives up what was found in files of libc whose functions no
// process has used for long: each container has its own. It is soon found again.
func (t *table) releaseConditions(now time.Time) {
	if now.Sub(t.released) < releaseEvery {
		return
	}
	t.released = now
	used := map[*conditions]bool{}
	for _, g := range t.of {
		used[g.conditions] = true
	}
	t.conditions = slices.DeleteFunc(t.conditions, func(c *conditions) bool {
		switch {
		case used[c] || c.followed > 0:
			c.unused = time.Time{}
		case c.unused.IsZero():
			c.unused = now
		case now.Sub(c.unused) >= keptConditions:
			_ = c.close() // it was only read
			return true
		}
		return false
	})
}
