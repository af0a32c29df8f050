package target

import (
	"errors"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"pytop/collect/proc"
)

// Programs come that bring a CPython of their own and take it away again: what
// unpacks itself into a new directory for each run, sandboxes, venvs of copies.
// Each is a build, with probes in its file, and would be one for ever.

const (
	// releaseEvery is how often is looked for what can be given up.
	releaseEvery = 10 * time.Second
	// keptCopy is how long the build of a deleted file is kept when no process
	// runs it and its programs are another's; keptOwn where they are its own.
	// Another copy may come, and loading and measuring programs takes a while.
	keptCopy = 30 * time.Second
	keptOwn  = 10 * time.Minute
)

// releasing is how builds are given up.
type releasing struct {
	at       time.Time // when it was looked last
	underWay bool
}

// release gives up the builds of deleted files that no process runs any more,
// nor can, beside; and what was found out of other files that is long ago.
func (f *Files) release() {
	now := time.Now()
	if f.releasing.underWay || now.Sub(f.releasing.at) < releaseEvery {
		return
	}
	f.releasing.at = now
	f.known.forget(now)
	used := f.used()
	ids := map[proc.FileID]*Build{}
	for _, b := range f.Builds {
		switch {
		case used[b]:
			b.unused = time.Time{}
		case b.unused.IsZero():
			b.unused = now
		case now.Sub(b.unused) >= b.kept() && b.deleted():
			ids[b.ID] = b
		}
	}
	if len(ids) == 0 {
		return
	}
	list := slices.Collect(maps.Values(ids))
	for id, v := range f.known { // its numbers in other file systems
		if slices.Contains(list, v.build) {
			ids[id] = v.build
		}
	}
	f.releasing.underWay = true
	f.set.Beside(func() { f.releaseBeside(list, ids) })
}

// releaseBeside gives builds up, unless a process maps one. Reading what all
// processes map takes a while, and so does closing links: nobody waits for it.
func (f *Files) releaseBeside(list []*Build, ids map[proc.FileID]*Build) {
	defer func() {
		f.set.Lock.Lock()
		f.releasing.underWay = false
		f.set.Lock.Unlock()
	}()
	mapped, err := mappedFiles(ids)
	if err != nil { // some cannot be looked at: it may be those
		for _, b := range list {
			mapped[b] = true
		}
	}
	closeAll(f.unshare(list, mapped)) // nobody could do anything about an error
	closeAll(f.forgetBuilds(list))    // nothing is attached, and nobody knows it any more
}

// closeAll closes what takes some 50 ms each at once.
func closeAll(list []func() error) {
	var all sync.WaitGroup
	for _, one := range list {
		all.Go(func() { _ = one() })
	}
	all.Wait()
}

// unshare detaches from the files of builds that are still unused; what it
// returns ends that.
func (f *Files) unshare(list []*Build, mapped map[*Build]bool) (ends []func() error) {
	f.set.Lock.Lock()
	defer f.set.Lock.Unlock()
	used := f.used()
	for _, b := range list {
		switch {
		case mapped[b]:
			b.unused = time.Now() // it is not looked again at once
		case !used[b]:
			ends = append(ends, f.set.probes.Unshare(b)...)
		}
	}
	return ends
}

// forgetBuilds forgets builds to which nothing is attached, after those of whom only
// the kernel knows that they ran it are watched. What it returns closes them.
func (f *Files) forgetBuilds(list []*Build) (ends []func() error) {
	f.set.Lock.Lock()
	defer f.set.Lock.Unlock()
	if f.set.closed || f.set.probes.Poll() != nil { // the next Read says what is wrong
		return nil
	}
	used := f.used()
	for _, b := range list {
		if b.unused.IsZero() || time.Since(b.unused) < b.kept() || used[b] || f.set.probes.Shares(b) {
			continue
		}
		ends = append(append(ends, f.set.probes.Release(b)...), b.close)
		f.Builds = slices.DeleteFunc(f.Builds, func(o *Build) bool { return o == b })
		maps.DeleteFunc(f.known, func(_ proc.FileID, v verdict) bool { return v.build == b })
	}
	return ends
}

// used are the builds that processes run, and those whose programs they use.
func (f *Files) used() map[*Build]bool {
	used := map[*Build]bool{}
	for _, p := range f.set.Order {
		used[p.Build] = true
	}
	for _, b := range f.Builds {
		used[b.Same] = true
	}
	return used
}

// numbered is the build that processes' states call so; nil: there is none.
func (f *Files) numbered(number uint32) *Build {
	for _, b := range f.Builds {
		if b.Number == number {
			return b
		}
	}
	return nil
}

var errHidden = errors.New("its first thread has ended: what it maps is not to be seen")

// mappedFiles finds those of some files that a process maps. Processes that
// come meanwhile are looked at too: one may have been forked by one that ended.
func mappedFiles(ids map[proc.FileID]*Build) (mapped map[*Build]bool, err error) {
	const mostRounds = 100 // where processes come faster than they are looked at
	mapped, seen := map[*Build]bool{}, map[int]bool{os.Getpid(): true}
	for range mostRounds {
		pids, err := proc.System().Processes()
		if err != nil {
			return mapped, err
		}
		before := len(seen)
		for _, pid := range pids {
			if seen[pid] {
				continue
			}
			seen[pid] = true
			if err := addMapped(pid, ids, mapped); err != nil && !errors.Is(err, proc.ErrNoProcess) {
				return mapped, err
			}
		}
		if len(seen) == before {
			return mapped, nil
		}
	}
	return mapped, errors.New("processes come too fast")
}

func addMapped(pid int, ids map[proc.FileID]*Build, mapped map[*Build]bool) error {
	list, err := proc.System().Maps(pid)
	if err != nil {
		return err
	}
	for _, m := range list {
		if b := ids[m.ID()]; b != nil {
			mapped[b] = true
		}
	}
	if len(list) > 0 {
		return nil
	}
	stat, err := proc.System().Stat(pid)
	if err == nil && !stat.Kernel && stat.Threads > 1 {
		return errHidden
	}
	return err
}
