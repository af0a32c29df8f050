package live

import (
	"errors"
	"maps"
	"os"
	"slices"
	"syscall"
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
func (s *Source) release() {
	now := time.Now()
	if s.releasing.underWay || now.Sub(s.releasing.at) < releaseEvery {
		return
	}
	s.releasing.at = now
	s.files.forget(now)
	s.releaseConditions(now)
	used := s.used()
	ids := map[proc.FileID]*build{}
	for _, b := range s.builds {
		switch {
		case used[b]:
			b.unused = time.Time{}
		case b.unused.IsZero():
			b.unused = now
		case now.Sub(b.unused) >= b.kept() && b.deleted():
			ids[b.id] = b
		}
	}
	if len(ids) == 0 {
		return
	}
	list := slices.Collect(maps.Values(ids))
	for id, v := range s.files { // its numbers in other file systems
		if slices.Contains(list, v.build) {
			ids[id] = v.build
		}
	}
	s.releasing.underWay = true
	s.stopped.Go(func() { s.releaseBeside(list, ids) })
}

// releaseConditions gives up what was found in files of libc whose functions no
// process has used for long: each container has its own. It is soon found again.
func (s *Source) releaseConditions(now time.Time) {
	used := map[*conditions]bool{}
	for _, p := range s.order {
		if p.gil != nil {
			used[p.gil.conditions] = true
		}
	}
	s.conditions = slices.DeleteFunc(s.conditions, func(c *conditions) bool {
		switch {
		case used[c] || c.followed > 0:
			c.unused = time.Time{}
		case c.unused.IsZero():
			c.unused = now
		case now.Sub(c.unused) >= keptOwn:
			_ = c.close() // it was only read
			return true
		}
		return false
	})
}

// releaseBeside gives builds up, unless a process maps one. Reading what all
// processes map takes a while, and so does closing links: nobody waits for it.
func (s *Source) releaseBeside(list []*build, ids map[proc.FileID]*build) {
	defer func() {
		s.mu.Lock()
		s.releasing.underWay = false
		s.mu.Unlock()
	}()
	mapped, err := mappedFiles(ids)
	if err != nil { // some cannot be looked at: it may be those
		for _, b := range list {
			mapped[b] = true
		}
	}
	_ = closeAll(s.unshare(list, mapped))
	for _, b := range s.forgetBuilds(list) {
		_ = b.close() // nothing is attached, and nobody knows it any more
	}
}

// unshare takes the links of builds that are still unused.
func (s *Source) unshare(list []*build, mapped map[*build]bool) (all []*links) {
	s.mu.Lock()
	defer s.mu.Unlock()
	used := s.used()
	for _, b := range list {
		switch {
		case mapped[b]:
			b.unused = time.Now() // it is not looked again at once
		case b.shared != nil && !used[b]:
			all = append(all, b.shared)
			b.shared = nil
		}
	}
	return all
}

// forgetBuilds forgets builds to which nothing is attached, after those of whom only
// the kernel knows that they ran it are watched.
func (s *Source) forgetBuilds(list []*build) (forgotten []*build) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.poll() != nil { // the next Read says what is wrong
		return nil
	}
	used := s.used()
	for _, b := range list {
		if b.unused.IsZero() || time.Since(b.unused) < b.kept() || b.shared != nil || used[b] {
			continue
		}
		forgotten = append(forgotten, b)
		s.builds = slices.DeleteFunc(s.builds, func(o *build) bool { return o == b })
		maps.DeleteFunc(s.files, func(_ proc.FileID, v verdict) bool { return v.build == b })
	}
	return forgotten
}

// used are the builds that processes run, and those whose programs they use.
func (s *Source) used() map[*build]bool {
	used := map[*build]bool{}
	for _, p := range s.order {
		used[p.build] = true
	}
	for _, b := range s.builds {
		used[b.same] = true
	}
	return used
}

// numbered is the build that processes' states call so; nil: there is none.
func (s *Source) numbered(number uint32) *build {
	for _, b := range s.builds {
		if b.number == number {
			return b
		}
	}
	return nil
}

func (b *build) kept() time.Duration {
	if b.same != nil {
		return keptCopy
	}
	return keptOwn
}

// deleted tells whether a build's file has no name any more: nobody can start it.
func (b *build) deleted() bool {
	about, err := b.file.Stat()
	if err != nil {
		return false
	}
	stat, ok := about.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink == 0
}

var errHidden = errors.New("its first thread has ended: what it maps is not to be seen")

// mappedFiles finds those of some files that a process maps. Processes that
// come meanwhile are looked at too: one may have been forked by one that ended.
func mappedFiles(ids map[proc.FileID]*build) (mapped map[*build]bool, err error) {
	const mostRounds = 100 // where processes come faster than they are looked at
	mapped, seen := map[*build]bool{}, map[int]bool{os.Getpid(): true}
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

func addMapped(pid int, ids map[proc.FileID]*build, mapped map[*build]bool) error {
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
