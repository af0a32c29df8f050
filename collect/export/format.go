// Package export turns snapshots into text that other programs read: JSON,
// JSON Lines and CSV, on a stream or as new private files.
//
// Names of files, functions and threads and command lines come from processes,
// which may choose them to do harm. What is invisible or moves a terminal's
// cursor (see package escape) is nowhere written raw:
//
//   - In JSON it is escaped as JSON does (\u202e). A parser gives back the name,
//     with U+FFFD for what is no text.
//   - In CSV, and in dumps for people, it is escaped as in Python and on the
//     screen: \n, \x1b, \u202e, \U000e0001. Backslashes are not doubled: JSON
//     is the format that loses nothing.
//   - In CSV, what a spreadsheet would run as a formula has one ' before it:
//     '=1+1. That is text that begins with = + - @ or these in full width,
//     after any blanks and quotes, at the start of a cell and after each ; and ,
//     in it. To have the text back, take one ' from before each of these.
//     Cells with numbers of pytop's own are never changed.
//
// What is written ends with a whole snapshot: on a full disk a file of ours is
// cut back to there, and of other streams a *WriteError says where they end.
package export

import (
	"fmt"
	"path/filepath"
	"strings"

	"pytop/collect"
)

// Format is a way to write a snapshot.
type Format string

// The formats. JSON is one object, written once at the end of a run; JSON
// Lines is one object a reading; CSV is one header, and a row per function
// and reading.
const (
	JSON  Format = "json"
	JSONL Format = "jsonl"
	CSV   Format = "csv"
)

// FormatError says that a word or a file's extension names no format.
type FormatError struct {
	Text string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("no format called %q: known are json, jsonl and csv", e.Text)
}

// ParseFormat returns the format that a word names, or a *FormatError.
func ParseFormat(word string) (Format, error) {
	switch format := Format(strings.ToLower(word)); format {
	case JSON, JSONL, CSV:
		return format, nil
	case "ndjson":
		return JSONL, nil
	}
	return "", &FormatError{Text: word}
}

// FormatOf returns the format that a file's extension names, or a *FormatError.
func FormatOf(file string) (Format, error) {
	extension := filepath.Ext(file)
	format, err := ParseFormat(strings.TrimPrefix(extension, "."))
	if err != nil || extension == "" {
		return "", &FormatError{Text: filepath.Base(file)}
	}
	return format, nil
}

// Options say what of a snapshot is written.
type Options struct {
	Version string // pytop's own
	// Top limits the functions of each snapshot to the first so many in
	// Order; 0 is no limit.
	Top int
	// Order compares two functions: negative when a goes before b. Nil is by
	// calls/s, then calls, most first, if Top is given, and else as they are.
	Order func(a, b collect.FunctionRow) int
}
