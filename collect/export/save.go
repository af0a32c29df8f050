package export

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"pytop/collect"
)

// maxTaken is how many snapshots of one second and process find a name.
const maxTaken = 1000

// Saved says where a snapshot went.
type Saved struct {
	Paths []string // in the order of the formats asked for
	// Refused says why they are not in the directory that was wanted but in
	// the fallback; nil if they are.
	Refused error
}

// Save writes a snapshot into new private files in dir, one for JSON, one per
// table for CSV, all or none: pytop-PID-TIME.json, pytop-PID-TIME-functions.csv.
// If that cannot be done it does so in fallback (made if need be; empty: none).
func Save(dir, fallback string, s *collect.Snapshot, formats []Format, o Options, owner *Owner) (Saved, error) {
	var saved Saved
	err := owner.do(func() (err error) {
		saved.Paths, err = saveIn(dir, s, formats, o)
		return err
	})
	if err == nil {
		return saved, nil
	}
	if fallback == "" {
		return Saved{}, err
	}
	saved.Refused = err
	err = owner.do(func() (err error) {
		if err := os.MkdirAll(fallback, 0o700); err != nil {
			return err
		}
		saved.Paths, err = saveIn(fallback, s, formats, o)
		return err
	})
	if err != nil {
		return Saved{}, fmt.Errorf("%w; nor in %s: %w", saved.Refused, fallback, plain(err))
	}
	return saved, nil
}

// part is one of the files that a snapshot is written into.
type part struct {
	suffix string // of the file's name
	write  func(w *bufio.Writer) error
}

// partsOf returns the files of some formats.
func partsOf(s *collect.Snapshot, formats []Format, o Options) ([]part, error) {
	var parts []part
	for _, format := range formats {
		switch format {
		case JSON:
			parts = append(parts, part{".json", func(w *bufio.Writer) error { return writeJSON(w, s, o, "\n") }})
		case JSONL:
			parts = append(parts, part{".jsonl", func(w *bufio.Writer) error { return writeJSON(w, s, o, "") }})
		case CSV:
			for _, t := range tables {
				if t.when != nil && !t.when(s) {
					continue
				}
				parts = append(parts, part{"-" + t.name + ".csv", func(w *bufio.Writer) error { return t.write(w, s, o, true) }})
			}
		default:
			return nil, &FormatError{Text: string(format)}
		}
	}
	return parts, nil
}

func saveIn(path string, s *collect.Snapshot, formats []Format, o Options) ([]string, error) {
	parts, err := partsOf(s, formats, o)
	if err != nil {
		return nil, err
	}
	// What is opened stays the directory, whatever its path leads to later.
	dir, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open directory %s: %w", path, plain(err))
	}
	defer dir.Close()
	files, err := createAll(dir, stem(s), parts)
	if err != nil {
		return nil, err
	}
	paths := make([]string, len(files))
	for i, file := range files {
		if err := file.write(parts[i].write); err != nil {
			return nil, &WriteError{Path: file.path, Err: err, Left: removeAll(files)}
		}
		paths[i] = file.path
	}
	syncDirectory(dir)
	return paths, nil
}

// createAll makes a file for each part under the first stem of which none is
// taken: stem, stem-2, stem-3, …
func createAll(dir *os.Root, stem string, parts []part) ([]*File, error) {
	for n := 1; n <= maxTaken; n++ {
		numbered := stem
		if n > 1 {
			numbered += "-" + strconv.Itoa(n)
		}
		files := make([]*File, 0, len(parts))
		var err error
		for _, part := range parts {
			var file *File
			if file, err = create(dir, numbered+part.suffix); err != nil {
				err = fmt.Errorf("create %s: %w", filepath.Join(dir.Name(), numbered+part.suffix), plain(err))
				break
			}
			files = append(files, file)
		}
		if err == nil {
			return files, nil
		}
		left := removeAll(files)
		switch {
		case errors.Is(err, fs.ErrExist):
		case len(files) == 0:
			return nil, err
		default:
			return nil, fmt.Errorf("%w: %s", err, left)
		}
	}
	return nil, fmt.Errorf("create %s: %d such names are taken", filepath.Join(dir.Name(), stem), maxTaken)
}

// removeAll takes away files of a snapshot that was not written, and returns
// what there is now.
func removeAll(files []*File) string {
	var errs []error
	for _, file := range files {
		if err := file.remove(); err != nil {
			errs = append(errs, fmt.Errorf("remove %s: %w", file.path, plain(err)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return "incomplete files stay: " + strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return "nothing is left of this snapshot"
}

// stem is what a snapshot's files are called: by process and time, in UTC.
func stem(s *collect.Snapshot) string {
	who := "all"
	if len(s.Processes) == 1 {
		who = strconv.Itoa(s.Processes[0].Process.PID)
	}
	return "pytop-" + who + "-" + s.Time.UTC().Format("20060102T150405Z")
}

// syncDirectory writes the new names to the disk, as far as the file system
// can: some cannot sync directories, and the content is already there.
func syncDirectory(dir *os.Root) {
	if self, err := dir.Open("."); err == nil {
		self.Sync() //nolint:errcheck // see above
		self.Close()
	}
}
