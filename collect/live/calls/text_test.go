package calls

import (
	"bytes"
	"testing"
	"unicode/utf8"
	"unsafe"

	"pytop/bpf"
)

// event builds a name event as the programs send it.
func event(room int, head bpf.Name, file, function []byte) []byte {
	raw := make([]byte, nameHead+2*room)
	*(*bpf.Name)(unsafe.Pointer(&raw[0])) = head
	copy(raw[nameHead:nameHead+room], file)
	copy(raw[nameHead+room:], function)
	return raw
}

func TestParseName(t *testing.T) {
	head := bpf.Name{
		Id: 9, Line: 12,
		File:     bpf.Text{Length: 4, Kind: 1, Ascii: 1, Bytes: 4},
		Function: bpf.Text{Length: 2, Kind: 2, Bytes: 4},
	}
	id, name, whole, ok := parseName(event(bpf.TextSmall, head, []byte("a.py"), []byte{0xbb, 0x03, 0xb1, 0x03}))
	if !ok || !whole || id != 9 || name != (objectName{"a.py", "λα", 12}) {
		t.Errorf("%d %+v whole %v ok %v", id, name, whole, ok)
	}
	head.File = bpf.Text{Length: 20000, Kind: 1, Bytes: 16383}
	_, name, whole, ok = parseName(event(bpf.TextLarge, head, bytes.Repeat([]byte("x"), 16383), nil))
	if !ok || whole || len(name.file) != 16383+len("…") {
		t.Errorf("a long name: %d bytes, whole %v ok %v", len(name.file), whole, ok)
	}
	if _, _, _, ok := parseName(make([]byte, nameHead+3)); ok {
		t.Error("an event of an impossible size was taken")
	}
}

func FuzzParseName(f *testing.F) {
	f.Add(event(bpf.TextSmall, bpf.Name{File: bpf.Text{Length: 3, Kind: 1, Bytes: 3}}, []byte("a.b"), nil))
	f.Add(event(bpf.TextLarge, bpf.Name{Function: bpf.Text{Length: 1 << 31, Kind: 4, Bytes: 65535}}, nil, nil))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, name, _, ok := parseName(raw)
		if ok && (!utf8.ValidString(name.file) || !utf8.ValidString(name.function)) {
			t.Errorf("not UTF-8: %q %q", name.file, name.function)
		}
	})
}
