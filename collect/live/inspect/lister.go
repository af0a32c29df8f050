package inspect

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"pytop/bpf"
	"pytop/collect"
	"pytop/collect/cpython"
	"pytop/collect/proc"
	"pytop/collect/site"
)

// Lister lists the CPythons of the machine, and how their calls can be
// counted. It attaches nothing and loads nothing into the kernel. It is a
// collect.Source.
type Lister struct {
	cache site.Cache
	host  string
	since time.Time

	mu    sync.Mutex // guards all below
	known map[bpf.ProcessKey]*listed
	files map[proc.FileID]*listedFile
	queue chan func() // what takes long, found out beside
	done  chan struct{}
	over  bool
}

// listed is a process, Python or not.
type listed struct {
	image proc.Image
	until time.Time // it is looked at again until then: libraries are loaded after an exec
	info  *collect.Process
	file  *listedFile // nil: it is no CPython, or see reason
	why   string      // it may be one, and why that is not known
	title Title
	seen  bool
}

// listedFile is a file that processes map.
type listedFile struct {
	python *cpython.Python // nil: see err
	err    error
	at     time.Time
	build  string
	method string // empty: not found out yet, or see refused
	refuse string
}

// Doubt is how long it is believed that a file is none that can be counted: a
// deleted file's number is given to another. A build's file is held open.
const Doubt = 30 * time.Second

// OpenLister makes a lister; close it.
func OpenLister(cache site.Cache) *Lister {
	l := &Lister{
		cache: cache, host: proc.Hostname(), since: time.Now(), known: map[bpf.ProcessKey]*listed{}, files: map[proc.FileID]*listedFile{},
		queue: make(chan func(), 1024), done: make(chan struct{}),
	}
	go func() {
		defer close(l.done)
		for work := range l.queue {
			work()
		}
	}()
	return l
}

// Read lists what runs now.
func (l *Lister) Read() (*collect.Reading, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return nil, errors.New("read: the source is closed")
	}
	pids, err := proc.System().Processes()
	if err != nil {
		return nil, err
	}
	r := &collect.Reading{Time: time.Now(), Since: l.since, Host: l.host}
	for _, p := range l.known {
		p.seen = false
	}
	for _, pid := range pids {
		stat, err := proc.System().Stat(pid)
		if err != nil || stat.Kernel || stat.Ended() || pid == os.Getpid() {
			continue
		}
		if p := l.look(stat); p.file != nil || p.why != "" {
			r.Processes = append(r.Processes, p.reading(stat))
		}
	}
	for key, p := range l.known {
		if !p.seen {
			delete(l.known, key)
		}
	}
	if cpu, memory, err := proc.System().Usage(); err == nil {
		r.Self = collect.Self{CPU: cpu, Memory: memory}
	}
	return r, nil
}

// look finds out what a process is, once for each program that it runs.
func (l *Lister) look(stat proc.Stat) *listed {
	key := bpf.ProcessKey{Pid: uint32(stat.PID), Started: uint32(stat.StartTicks)}
	p := l.known[key]
	image, err := proc.System().Image(stat.PID)
	switch {
	case p == nil, err == nil && image != p.image:
		p = &listed{image: image, until: time.Now().Add(ExecGrace)}
		l.known[key] = p
	case p.file != nil || time.Now().After(p.until):
		p.seen = true
		return p
	}
	p.seen = true
	p.file, p.why = l.find(stat)
	if p.file != nil || p.why != "" {
		p.info = ProcessOf(stat)
	}
	return p
}

// find finds the file with a process's CPython; nil and no words: there is none.
func (l *Lister) find(stat proc.Stat) (*listedFile, string) {
	mappings, err := proc.System().Maps(stat.PID)
	if errors.Is(err, fs.ErrPermission) && strings.HasPrefix(stat.Name, "python") {
		return nil, "not permitted to look at it"
	}
	var refused *listedFile
	for _, m := range Candidates(mappings, ProgramOf(stat.PID)) {
		f := l.file(stat.PID, m)
		if f.python != nil {
			return f, ""
		}
		if refused == nil && f.err != nil && !errors.Is(f.err, cpython.ErrNotPython) && isPython(f.err) {
			refused = f
		}
	}
	if refused != nil {
		return refused, ""
	}
	return nil, ""
}

// isPython tells whether a file's error is that of a Python that pytop refuses.
func isPython(err error) bool {
	return errors.Is(err, cpython.ErrPyPy) || errors.Is(err, cpython.ErrOld) || errors.Is(err, cpython.ErrNew) || errors.Is(err, cpython.ErrTraceRefs)
}

// file inspects a file, once, and asks for how calls can be counted in it.
func (l *Lister) file(pid int, m proc.Mapping) *listedFile {
	id := m.ID()
	if f := l.files[id]; f != nil && (f.python != nil || time.Since(f.at) < Doubt) {
		return f
	}
	f := &listedFile{at: time.Now()}
	l.files[id] = f
	found, err := Open(pid, m)
	if err != nil {
		f.err = err
		if isPython(err) {
			f.refuse = err.Error()
		}
		return f
	}
	f.python, f.build = found.Python, found.Python.Build()
	work := func() {
		plan, err := l.cache.Find(found.ELF, found.Python)
		l.mu.Lock()
		if err != nil {
			f.refuse = err.Error()
		} else {
			f.build, f.method = found.Python.Build(plan.Words()...), planWords(plan)
		}
		l.mu.Unlock()
		_ = found.Close() // it was only read
	}
	select {
	case l.queue <- work:
	default: // more than a thousand files at once: the next time
		delete(l.files, id)
		_ = found.Close() // as above
	}
	return f
}

// planWords says how calls can be counted.
func planWords(p *site.Plan) string {
	sites := "sites"
	if len(p.Calls) == 1 {
		sites = "site"
	}
	return fmt.Sprintf("%d %s (%s)", len(p.Calls), sites, p.Method)
}

func (p *listed) reading(stat proc.Stat) collect.ProcessReading {
	p.info = p.title.Read(stat, p.info)
	r := collect.ProcessReading{
		Process: p.info, State: collect.Running, Status: collect.Off, Threads: stat.Threads, Memory: stat.Memory, Reason: p.why,
	}
	switch {
	case stat.Traced():
		r.State = collect.Traced
	case stat.Stopped():
		r.State = collect.Stopped
	}
	if cpu, err := proc.CPUTime(stat.PID); err == nil {
		r.CPU, r.CPUKnown = cpu, true
	}
	if f := p.file; f != nil {
		r.Method, r.Reason = f.method, f.refuse
		if f.python != nil && (p.info.Python != f.python.Version || p.info.Build != f.build) {
			next := *p.info
			next.Python, next.Build = f.python.Version, f.build
			p.info, r.Process = &next, &next
		}
	}
	return r
}

// Close ends what is found out beside; it may be called more than once.
func (l *Lister) Close() error {
	l.mu.Lock()
	over := l.over
	l.over = true
	l.mu.Unlock()
	if !over {
		close(l.queue)
	}
	<-l.done
	return nil
}
