package target

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/cilium/ebpf"

	"pytop/bpf"
	"pytop/collect/cpython"
	"pytop/collect/elf"
	"pytop/collect/proc"
	"pytop/collect/site"
)

// Build is one file with a CPython in it: inspected once, its programs loaded
// once, however many processes run it. What a probe has for it the probe keeps.
type Build struct {
	ID      proc.FileID
	Number  uint32   // what processes' states call it; from 1
	Same    *Build   // whose programs it uses, since its text is the same; nil: it has its own
	File    *os.File // keeps the very file that was inspected within reach
	ELF     *elf.File
	Python  *cpython.Python
	Plan    *site.Plan
	Offsets bpf.PyOffsets
	Name    string // of the file, for people
	// Harmless is a program of the build that does nothing where no code object
	// is passed to it; Multi: it is attached by uprobe_multi. Preparing sets them.
	Harmless *ebpf.Program
	Multi    bool

	key    site.Key  // of the bytes that all this follows from
	unused time.Time // since when no process runs it; zero: one does, or did lately
}

// Words says what is particular about the build.
func (b *Build) Words() string { return b.Python.Build(b.Plan.Words()...) }

// Weak says what is weaker than it could be; empty: nothing.
func (b *Build) Weak() string {
	if Untested != "" && b.Plan.Weak != "" {
		return Untested + "; " + b.Plan.Weak
	}
	return Untested + b.Plan.Weak
}

// Path leads to the inspected file, also when its name is gone or another's.
func (b *Build) Path() string { return fmt.Sprintf("/proc/self/fd/%d", b.File.Fd()) }

// Method says how calls are counted.
func (b *Build) Method() string {
	how := "uprobe_multi"
	if !b.Multi {
		how = "perf event uprobes"
	}
	sites := "sites"
	if len(b.Plan.Calls) == 1 {
		sites = "site"
	}
	return fmt.Sprintf("%d %s in %s (%s), %s", len(b.Plan.Calls), sites, b.Name, b.Plan.Method, how)
}

// deleted tells whether a build's file has no name any more: nobody can start it.
func (b *Build) deleted() bool {
	status, err := b.File.Stat()
	if err != nil {
		return false
	}
	stat, ok := status.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink == 0
}

// kept is how long a build is kept when no process runs it.
func (b *Build) kept() time.Duration {
	if b.Same != nil {
		return keptCopy
	}
	return keptOwn
}

func (b *Build) close() error {
	var err error
	if b.ELF != nil {
		err = b.ELF.Close()
	}
	return errors.Join(err, b.File.Close())
}
