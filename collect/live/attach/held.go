package attach

import (
	"errors"
	"sync"

	"github.com/cilium/ebpf/link"
)

// held is every link that is open, by its owner. It has a lock of its own, so
// that all can be closed while whoever attached them waits for something that
// never answers.
var held = struct {
	sync.Mutex
	links map[link.Link]*Owner
}{links: map[link.Link]*Owner{}}

// Owner is whose links are closed together: a source's.
type Owner struct{ over bool } // over: no more are opened

// hold notes that a link is open; an error: it must not be, and was closed.
func (o *Owner) hold(one link.Link) error {
	held.Lock()
	over := o.over
	if !over {
		held.links[one] = o
	}
	held.Unlock()
	if over {
		return errors.Join(errOver, one.Close())
	}
	return nil
}

var errOver = errors.New("pytop is ending")

// take takes links that are open out of those that are held.
func take(list []link.Link) (open []link.Link) {
	held.Lock()
	defer held.Unlock()
	for _, one := range list {
		if held.links[one] != nil {
			delete(held.links, one)
			open = append(open, one)
		}
	}
	return open
}

// CloseAll closes all links of an owner, whoever else waits for what; over: it
// opens no more.
func (o *Owner) CloseAll(over bool) error {
	held.Lock()
	o.over = o.over || over
	var all []link.Link
	for one, of := range held.links {
		if of == o {
			all = append(all, one)
		}
	}
	held.Unlock()
	return Close(all)
}
