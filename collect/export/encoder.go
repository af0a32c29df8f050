package export

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
)

// encoder writes JSON in parts and keeps the first error.
type encoder struct {
	w    io.Writer
	buf  bytes.Buffer
	json *json.Encoder
	err  error
}

func newEncoder(w io.Writer) *encoder {
	e := &encoder{w: w}
	e.json = json.NewEncoder(&e.buf)
	// Names like <listcomp> are to be found by grep; nothing here is HTML.
	e.json.SetEscapeHTML(false)
	return e
}

// value writes a value.
func (e *encoder) value(v any) { e.part(v, "") }

// open writes an object without its last brace: members are to follow.
func (e *encoder) open(object any) { e.part(object, "}") }

// list writes a list with between before each element, and behind the last.
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

// part writes a value without the given end of its text.
func (e *encoder) part(value any, end string) {
	if e.err != nil {
		return
	}
	e.buf.Reset()
	if e.err = e.json.Encode(value); e.err != nil {
		return
	}
	data := bytes.TrimSuffix(bytes.TrimSuffix(e.buf.Bytes(), []byte("\n")), []byte(end))
	_, e.err = e.w.Write(escapeControls(data))
}

func (e *encoder) text(s string) {
	if e.err == nil {
		_, e.err = io.WriteString(e.w, s)
	}
}
