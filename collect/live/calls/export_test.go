package calls

import (
	"pytop/bpf"
	"pytop/collect/live/target"
)

// What tests that open a source look at. Each takes the lock.

const (
	MostFreed    = mostFreed
	FunctionSize = functionSize
	MostLooks    = mostLooks
)

// NameLost is what a function is called whose name could not be had.
var NameLost = nameLost.function

// Attached tells whether probes are in a process.
func (c *Calls) Attached(p *target.Process) bool {
	c.Lock.Lock()
	defer c.Lock.Unlock()
	return c.process(p).links != nil
}

// Descriptors is how many of BPF's descriptors a process's links are: each tells
// its program too.
func (c *Calls) Descriptors(p *target.Process) int {
	c.Lock.Lock()
	defer c.Lock.Unlock()
	l := c.process(p).links
	if l == nil {
		return 0
	}
	return 2 * (len(l.called) + len(l.rest))
}

// Proof is how many rounds of the proof are over, and how many functions of the
// first process were proven and missed; hot: that of this name was missed.
func (c *Calls) Proof() (over uint64, proven, missed int, hot bool) {
	c.Lock.Lock()
	defer c.Lock.Unlock()
	p := c.process(c.Targets.Order[0])
	for name := range p.missed {
		hot = hot || name.function == "hot"
	}
	return c.proving.round, p.proven, len(p.missed), hot
}

// KeptFunctions is how many functions are kept, and how many of them are those of
// processes that ended, together.
func (c *Calls) KeptFunctions() (all, ended int) {
	c.Lock.Lock()
	defer c.Lock.Unlock()
	return len(c.functions.all), c.functions.ended
}

// Stray is of how many processes the map has code objects that are not known,
// and how many names are kept that nobody asked for.
func (c *Calls) Stray() (pids []uint32, names int) {
	c.Lock.Lock()
	defer c.Lock.Unlock()
	var call bpf.CallKey
	var count bpf.CallCount
	for it := c.Maps.Live.Iterate(); it.Next(&call, &count); {
		if c.functions.objects[count.Id] == nil {
			pids = append(pids, count.Pid)
		}
	}
	c.names.mu.Lock()
	defer c.names.mu.Unlock()
	return pids, len(c.names.known)
}

// StopNames keeps names from being taken in, as a slow reader does, until it is
// let go.
func (c *Calls) StopNames() (release func()) {
	c.names.mu.Lock()
	return c.names.mu.Unlock
}

// MistakeType loads a process's programs again, with an offset that is no
// longer that of ob_type.
func (c *Calls) MistakeType(p *target.Process) error {
	c.Lock.Lock()
	defer c.Lock.Unlock()
	b := c.process(p).build()
	b.Offsets.ObjectType += 16
	programs, err := bpf.LoadPrograms(c.Maps, b.Offsets, b.Number, c.Machine, b.programs.Multi)
	if err != nil {
		return err
	}
	err = b.programs.Close()
	b.programs, b.Harmless = programs, programs.Instrumented
	return err
}

// AttachEmpty puts a program that does nothing at the sites that count.
func (c *Calls) AttachEmpty(p *target.Process) (detach func() error, err error) {
	c.Lock.Lock()
	defer c.Lock.Unlock()
	b := c.process(p).build()
	called := b.programs.Called
	b.programs.Called = b.programs.Empty
	defer func() { b.programs.Called = called }()
	l, err := c.attachTo(b, p.Info.PID, 255)
	if err != nil {
		return nil, err
	}
	return l.close, nil
}
