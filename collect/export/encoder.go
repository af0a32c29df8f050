package export

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"

	"pytop/collect/escape"
)

// encoder writes JSON in parts and keeps the first error.
type encoder struct {
	w       io.Writer
	buf     bytes.Buffer
	escaped []byte // of buf, if need be
	json    *json.Encoder
	err     error
}

func newEncoder(w io.Writer) *encoder {
	e := &encoder{w: w}
	e.json = json.NewEncoder(&e.buf)
	// Names like <listcomp> are to be found by grep; nothing here is HTML.
	e.json.SetEscapeHTML(false)
	return e
}

// streamed is a value that writes itself in parts: as a whole, the names in it
// would take too much memory.
type streamed interface{ write(e *encoder) }

// value writes a value.
func (e *encoder) value(v any) {
	if s, ok := v.(streamed); ok {
		s.write(e)
		return
	}
	e.part(v, "", "")
}

// open writes an object without its last brace: members are to follow.
func (e *encoder) open(object any) { e.part(object, "", "}") }

// close writes an object without its first brace: the last members.
func (e *encoder) close(object any) {
	e.text(",")
	e.part(object, "{", "")
}

// member writes the name of a member, whose value is to follow.
func (e *encoder) member(name string) { e.text(`,"` + name + `":`) }

// list writes a list element by element, with between before each element, and behind the last.
func (e *encoder) list(rows iter.Seq[any], between string) {
	separator, end := "["+between, "[]"
	next, last := ","+between, between+"]"
	for row := range rows {
		e.text(separator)
		e.value(row)
		if e.err != nil {
			return
		}
		separator, end = next, last
	}
	e.text(end)
}

// part writes a value without the given begin and end of its text.
func (e *encoder) part(value any, begin, end string) {
	if e.err != nil {
		return
	}
	e.buf.Reset()
	if e.err = e.json.Encode(value); e.err != nil {
		return
	}
	data := bytes.TrimPrefix(bytes.TrimSuffix(e.buf.Bytes(), []byte("\n")), []byte(begin))
	data = bytes.TrimSuffix(data, []byte(end))
	if !escape.ASCII(data) {
		e.escaped = escape.JSON(e.escaped[:0], data)
		data = e.escaped
	}
	_, e.err = e.w.Write(data)
}

func (e *encoder) text(s string) {
	if e.err == nil {
		_, e.err = io.WriteString(e.w, s)
	}
}

// each yields what row makes of each element of a list.
func each[T any](list []T, row func(*T) any) iter.Seq[any] {
	return func(yield func(any) bool) {
		for i := range list {
			if !yield(row(&list[i])) {
				return
			}
		}
	}
}
