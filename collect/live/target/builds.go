package target

import (
	"errors"
	"path/filepath"

	"pytop/collect/live/inspect"
	"pytop/collect/proc"
	"pytop/collect/site"
)

// BuildOf finds or makes the build of a located file, which it takes over.
func (f *Files) BuildOf(l *inspect.Located) (*Build, error) {
	id := l.Mapping.ID()
	key, err := site.KeyOf(l.ELF, l.Python)
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
	if b.Plan, err = f.set.options.Cache.Find(l.ELF, l.Python); err != nil {
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
