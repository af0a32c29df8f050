package format

import (
	"strconv"
	"strings"
)

// Place is where a function is, in parts that differ in weight.
type Place struct {
	Head string // "sql/": may be cut
	File string // "coercions.py:466"
	Note string // "(sqlalchemy)", "(frozen)", "(stdlib)"; may be empty
}

// FilePlace shortens co_filename and a line to what tells functions apart:
// installed packages and the standard library lose their prefix and are named
// at the end.
func FilePlace(file string, line int) Place {
	at := ""
	if line > 0 {
		at = ":" + strconv.Itoa(line)
	}
	if name, ok := frozen(file); ok {
		return Place{File: Plain(name) + at, Note: "(frozen)"}
	}
	if strings.HasPrefix(file, "<") {
		return Place{File: Plain(file) + at}
	}
	path, note := installed(file)
	dir, base := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir, base = path[:i+1], path[i+1:]
	}
	return Place{Head: Plain(dir), File: Plain(base) + at, Note: Plain(note)}
}

// FullPlace is co_filename and a line in full.
func FullPlace(file string, line int) string {
	if line <= 0 {
		return Plain(file)
	}
	return Plain(file) + ":" + strconv.Itoa(line)
}

// Fit writes a place in width cells: what goes first is the note, then the
// head from its left, then the file's name from its left.
func (p Place) Fit(s *Signs, width int) Place {
	head, file, note := Width(p.Head), Width(p.File), Width(p.Note)
	if p.Note != "" && head+file+2+note <= width {
		return p
	}
	p.Note = ""
	if head+file <= width {
		return p
	}
	if file >= width {
		return Place{File: s.CutLeft(p.File, width)}
	}
	p.Head = s.cutHead(p.Head, width-file)
	return p
}

// cutHead drops the first directories of a head, so that it fits.
func (s *Signs) cutHead(head string, width int) string {
	for {
		i := strings.IndexByte(head[min(1, len(head)):], '/')
		if i < 0 {
			return ""
		}
		head = head[i+1:]
		if Width(s.Ellipsis)+Width(head) <= width {
			if head == "/" {
				return ""
			}
			return s.Ellipsis + head
		}
	}
}

func (p Place) String() string {
	if p.Note == "" {
		return p.Head + p.File
	}
	return p.Head + p.File + "  " + p.Note
}

// Width is how many cells the place takes.
func (p Place) Width() int {
	w := Width(p.Head) + Width(p.File)
	if p.Note != "" {
		w += 2 + Width(p.Note)
	}
	return w
}

// frozen finds the module in "<frozen importlib._bootstrap>".
func frozen(file string) (string, bool) {
	name, ok := strings.CutPrefix(file, "<frozen ")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(name, ">")
}

// installed takes the prefix of an installed package or of the standard
// library from a path, and names which it was.
func installed(file string) (path, note string) {
	for _, packages := range []string{"/site-packages/", "/dist-packages/"} {
		i := strings.LastIndex(file, packages)
		if i < 0 {
			continue
		}
		path = file[i+len(packages):]
		name, inside, ok := strings.Cut(path, "/")
		if !ok { // a module by itself
			return path, "(" + strings.TrimSuffix(path, ".py") + ")"
		}
		return inside, "(" + name + ")"
	}
	// The last "/lib/python3.12/" is the library's: others are prefixes.
	i := strings.LastIndex(file, "/python")
	if i < 0 || !strings.HasSuffix(file[:i], "/lib") && !strings.HasSuffix(file[:i], "/lib64") {
		return file, ""
	}
	version, path, ok := strings.Cut(file[i+len("/python"):], "/")
	if !ok || version == "" || strings.Trim(version, "0123456789.t") != "" {
		return file, ""
	}
	return path, "(stdlib)"
}

// Split parts a path that FullPlace wrote before its file's name.
func Split(full string) Place {
	i := strings.LastIndexByte(full, '/') + 1
	return Place{Head: full[:i], File: full[i:]}
}
