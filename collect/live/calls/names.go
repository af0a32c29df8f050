package calls

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"

	"pytop/bpf"
	"pytop/collect/proc"
	"pytop/collect/stack"
)

// maxText bounds a file or function name read from a process, in bytes.
const maxText = 64 << 10

// nameHead is the size of a name event before its texts, in bytes.
const nameHead = int(unsafe.Sizeof(bpf.Name{}))

// objectName is what a code object is called.
type objectName struct {
	file, function string
	line           int
}

// names collects the names of code objects as the kernel sends them, by id.
type names struct {
	ring   *ringbuf.Reader
	synced chan struct{}
	ended  chan struct{}

	mu    sync.Mutex
	known map[uint64]objectName
	// long are those whose text did not fit the event: read later by address.
	long map[uint64]bool
}

func openNames(m *ebpf.Map) (*names, error) {
	ring, err := ringbuf.NewReader(m)
	if err != nil {
		return nil, fmt.Errorf("open the ring of names: %w", err)
	}
	n := &names{
		ring: ring, synced: make(chan struct{}), ended: make(chan struct{}),
		known: map[uint64]objectName{}, long: map[uint64]bool{},
	}
	go n.collect()
	return n, nil
}

func (n *names) collect() {
	defer close(n.ended)
	var record ringbuf.Record
	for {
		err := n.ring.ReadInto(&record)
		switch {
		case errors.Is(err, ringbuf.ErrFlushed):
			n.synced <- struct{}{}
		case err != nil: // closed
			return
		default:
			n.add(record.RawSample)
		}
	}
}

// sync returns when every name sent before has been taken in.
func (n *names) sync() {
	if n.ring.Flush() != nil {
		return
	}
	select {
	case <-n.synced:
	case <-n.ended:
	}
}

func (n *names) add(raw []byte) {
	id, name, whole, ok := parseName(raw)
	if !ok {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known[id] = name
	if !whole {
		n.long[id] = true
	}
}

// take returns a name and forgets it. whole is false when its text was cut.
func (n *names) take(id uint64) (name objectName, whole, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name, ok = n.known[id]
	whole = !n.long[id]
	delete(n.known, id)
	delete(n.long, id)
	return name, whole, ok
}

func (n *names) close() error {
	err := n.ring.Close()
	<-n.ended
	return err
}

// parseName parses a name event: a head, then room for file and for function.
func parseName(raw []byte) (id uint64, name objectName, whole, ok bool) {
	room := (len(raw) - nameHead) / 2
	if len(raw) != nameHead+2*room || room != bpf.TextSmall && room != bpf.TextMedium && room != bpf.TextLarge {
		return 0, objectName{}, false, false
	}
	head := (*bpf.Name)(unsafe.Pointer(&raw[0]))
	file, fileWhole := eventText(head.File, raw[nameHead:nameHead+room])
	function, functionWhole := eventText(head.Function, raw[nameHead+room:])
	return head.Id, objectName{file, function, int(int32(head.Line))}, fileWhole && functionWhole, true
}

func eventText(t bpf.Text, room []byte) (text string, whole bool) {
	if t.Kind == 0 {
		return "?", false
	}
	data := room[:min(int(t.Bytes), len(room))]
	text = stack.Text(data, t.Kind, int(t.Length))
	if uint64(t.Length)*uint64(t.Kind) > uint64(len(data)) {
		return text + "…", false // cut, and seen to be
	}
	return text, true
}

// readName reads a code object's name from the process itself. The object may
// be freed while it is read: the caller checks that it was still there after.
func readName(pid int, code uint64, py *bpf.PyOffsets) (objectName, error) {
	var line [4]byte
	if err := proc.ReadMemory(pid, code+uint64(py.CodeLine), line[:]); err != nil {
		return objectName{}, err
	}
	file, err := readText(pid, code+uint64(py.CodeFile), py)
	if err != nil {
		return objectName{}, err
	}
	function, err := readText(pid, code+uint64(py.CodeName), py)
	if err != nil {
		return objectName{}, err
	}
	return objectName{file, function, int(int32(binary.LittleEndian.Uint32(line[:])))}, nil
}

// readText reads the str that the pointer at an address points to.
func readText(pid int, at uint64, py *bpf.PyOffsets) (string, error) {
	var word [8]byte
	if err := proc.ReadMemory(pid, at, word[:]); err != nil {
		return "", err
	}
	str := binary.LittleEndian.Uint64(word[:])
	if err := proc.ReadMemory(pid, str+uint64(py.StrLength), word[:]); err != nil {
		return "", err
	}
	length := binary.LittleEndian.Uint64(word[:])
	if err := proc.ReadMemory(pid, str+uint64(py.StrState), word[:4]); err != nil {
		return "", err
	}
	state := binary.LittleEndian.Uint32(word[:]) >> py.StrKindShift
	kind, begin := uint8(state&7), str+uint64(py.StrCompact)
	if state>>4&1 != 0 {
		begin = str + uint64(py.StrAscii)
	}
	if kind != 1 && kind != 2 && kind != 4 {
		return "", fmt.Errorf("read a str at %#x: kind %d", str, kind)
	}
	length = min(length, maxText/uint64(kind))
	data := make([]byte, length*uint64(kind))
	if err := proc.ReadMemory(pid, begin, data); err != nil {
		return "", err
	}
	return stack.Text(data, kind, int(length)), nil
}
