package target

import (
	"errors"
	"path/filepath"
	"time"

	"pytop/collect/live/inspect"
	"pytop/collect/proc"
	"pytop/collect/site"
)

// BuildOf finds or makes the build of a located file, which it takes over.
func (f *Files) BuildOf(l *inspect.Located) (*Build, error) {
	id := l.Mapping.ID()
	key, err := reading(l, func() (site.Key, error) { return site.KeyOf(l.ELF, l.Python) })
	if errors.Is(err, proc.ErrSilent) {
		return nil, err // who reads it closes it
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	for _, b := range f.Builds {
		if b.key != key { // whatever its number and name
			continue
		}
		same := b.ID == id
		if !same && !(hasOwnNumber(b.File) && hasOwnNumber(l.File)) {
			if same, err = b.sameFile(l); err != nil {
				return nil, errors.Join(err, l.Close())
			}
		}
		if same {
			return b, l.Close()
		}
	}
	b, err := f.newBuild(l, id, key)
	if errors.Is(err, proc.ErrSilent) {
		return nil, err
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	f.Builds = append(f.Builds, b)
	return b, nil
}

func (f *Files) newBuild(l *inspect.Located, id proc.FileID, key site.Key) (*Build, error) {
	f.last++
	b := &Build{ID: id, File: l.File, ELF: l.ELF, Python: l.Python, Name: filepath.Base(l.Mapping.Path), Offsets: offsetsOf(l.Python), Number: f.last, key: key}
	for _, o := range f.Builds { // all that is known follows from the bytes
		if o.Same == nil && o.key == key {
			l.ELF.Release()
			b.Same, b.Plan, b.Harmless, b.Multi = o, o.Plan, o.Harmless, o.Multi
			return b, nil
		}
	}
	var err error
	if b.Plan, err = reading(l, func() (*site.Plan, error) { return f.set.options.Cache.Find(l.ELF, l.Python) }); err != nil {
		return nil, err
	}
	if err := f.set.probes.Prepare(b); err != nil {
		return nil, err
	}
	if f.set.options.Without != nil {
		plan := *b.Plan
		plan.Calls = f.set.options.Without(plan.Calls)
		b.Plan = &plan
	}
	return b, nil
}

// readWithin is how long it may take to look through a file: some 100 ms, more on
// a busy machine.
const readWithin = 10 * time.Second

// reading reads a located file, which may stop to answer: then it is closed when
// it does again.
func reading[T any](l *inspect.Located, read func() (T, error)) (T, error) {
	return proc.Within(l.Mapping.ID(), readWithin, read, func(T, error) { _ = l.Close() })
}
