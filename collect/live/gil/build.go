package gil

import (
	"errors"

	"pytop/bpf"
	"pytop/collect/live/price"
	"pytop/collect/live/target"
)

// build is what following the GIL has for one file with a CPython.
type build struct {
	*target.Build
	gil      *bpf.GILPrograms // nil: not loaded
	err      error            // why not
	price    price.Hit
	calls    *conditions // where its file calls libc's condition variables; nil: not looked for, or not found
	callsErr error       // why not
	parking  *parking    // of a free-threaded build; nil: not looked for
}

// build is what there is for a file.
func (t *table) build(of *target.Build) *build {
	b := t.builds[of]
	if b == nil {
		b = &build{Build: of}
		t.builds[of] = b
	}
	return b
}

func (b *build) close() error {
	var err error
	if b.gil != nil {
		err = b.gil.Close()
	}
	return errors.Join(err, b.parking.close())
}
