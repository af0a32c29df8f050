// Package attach puts programs at sites of a file, in one process or in all
// that map it, and takes them out again.
package attach

import (
	"errors"
	"fmt"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"

	"pytop/collect/site"
)

// File is what is to be attached to: a file as one process maps it, or with pid
// 0 as all do.
type File struct {
	owner      *Owner
	executable *link.Executable
	name       string // of the file, for people
	multi      bool   // by uprobe_multi
	pid        int
	Cookie     func(site.Site) uint64 // what a program is told of a site
}

// Probes are a program and where it goes.
type Probes struct {
	Program *ebpf.Program
	Sites   []site.Site
}

// Open opens a file that is reached by path; name is what people call it. multi:
// attach by uprobe_multi.
func (o *Owner) Open(path, name string, multi bool, pid int) (*File, error) {
	executable, err := link.OpenExecutable(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return &File{owner: o, executable: executable, name: name, multi: multi, pid: pid}, nil
}

// Put attaches programs, the first first, to sites whose bytes were compared.
// What was attached before an error is detached again.
func (a *File) Put(list ...Probes) (all []link.Link, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, Close(all))
			all = nil
		}
	}()
	for _, one := range list {
		some, err := a.putOne(one.Program, one.Sites)
		all = append(all, some...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// putOne attaches a program: by one link where the kernel has uprobe_multi,
// else by one a site.
func (a *File) putOne(program *ebpf.Program, sites []site.Site) (all []link.Link, _ error) {
	if len(sites) == 0 {
		return nil, nil
	}
	if a.multi {
		o := &link.UprobeMultiOptions{PID: uint32(a.pid)}
		for _, s := range sites {
			o.Addresses = append(o.Addresses, s.Offset)
			o.Cookies = append(o.Cookies, a.Cookie(s))
		}
		one, err := a.executable.UprobeMulti(nil, program, o)
		if err != nil {
			return nil, fmt.Errorf("attach %d sites in %s: %w", len(sites), a.name, err)
		}
		if err := a.owner.hold(one); err != nil {
			return nil, err
		}
		return []link.Link{one}, nil
	}
	for _, s := range sites {
		one, err := a.executable.Uprobe("", program, &link.UprobeOptions{Address: s.Offset, PID: a.pid, Cookie: a.Cookie(s)})
		if err != nil {
			return all, fmt.Errorf("attach at %s+%#x: %w", a.name, s.Offset, err)
		}
		if err := a.owner.hold(one); err != nil {
			return all, err
		}
		all = append(all, one)
	}
	return all, nil
}

// Close closes links at once: each waits for the kernel's readers. One that is
// closed already is left alone.
func Close(list []link.Link) error {
	list = take(list)
	errs := make([]error, len(list))
	var all sync.WaitGroup
	for i, one := range list {
		all.Go(func() { errs[i] = one.Close() })
	}
	all.Wait()
	return errors.Join(errs...)
}
