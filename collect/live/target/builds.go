package target

import (
	"errors"
	"path/filepath"

	"pytop/collect/live/inspect"
	"pytop/collect/proc"
)

// BuildOf finds or makes the build of a located file, which it takes over.
func (s *Set) BuildOf(l *inspect.Located) (*Build, error) {
	id := l.Mapping.ID()
	for _, b := range s.Builds {
		same := b.ID == id
		if !same && !(hasOwnNumber(b.File) && hasOwnNumber(l.File)) && b.ELF.Size() == l.ELF.Size() && b.ELF.BuildID() == l.ELF.BuildID() {
			var err error
			if same, err = b.sameFile(l); err != nil {
				return nil, errors.Join(err, l.Close())
			}
		}
		if same {
			return b, l.Close()
		}
	}
	b, err := s.newBuild(l, id)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	s.Builds = append(s.Builds, b)
	return b, nil
}

func (s *Set) newBuild(l *inspect.Located, id proc.FileID) (*Build, error) {
	s.lastBuild++
	b := &Build{ID: id, File: l.File, ELF: l.ELF, Python: l.Python, Name: filepath.Base(l.Mapping.Path), Offsets: offsetsOf(l.Python), Number: s.lastBuild}
	for _, o := range s.Builds { // a copy of a file has its build ID, and all that follows from its text
		if o.Same == nil && l.ELF.BuildID() != "" && o.ELF.BuildID() == l.ELF.BuildID() && o.ELF.Size() == l.ELF.Size() {
			b.Same, b.Plan, b.Harmless, b.Multi = o, o.Plan, o.Harmless, o.Multi
			return b, nil
		}
	}
	var err error
	if b.Plan, err = s.options.Cache.Find(l.ELF, l.Python); err != nil {
		return nil, err
	}
	if err := s.probes.Prepare(b); err != nil {
		return nil, err
	}
	if s.options.Without != nil {
		plan := *b.Plan
		plan.Calls = s.options.Without(plan.Calls)
		b.Plan = &plan
	}
	return b, nil
}
