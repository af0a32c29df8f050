// Package demo holds a Python program to watch: a made-up shop with several
// threads, functions with very different call rates, generators, coroutines
// and, now and then, a thread that holds the GIL for long.
package demo

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

//go:embed shop.py
var shop []byte

// runner is what Python is started with: it gives the program a short file
// name, whatever directory it was put into.
const runner = `import os, sys
with open(os.path.join(sys.path[0], "shop.py"), encoding="utf-8") as source:
    code = compile(source.read(), "demo/shop.py", "exec")
exec(code)
`

// program is the file that is run.
const program = "demo.py"

// Workload is the program as files that a Python can run. Close it.
type Workload struct {
	dir string
}

// Open puts the program into a new private directory for temporary files,
// which belongs to the given user and group; -1 is pytop's own.
func Open(uid, gid int) (*Workload, error) {
	dir, err := os.MkdirTemp("", "pytop-demo-")
	if err != nil {
		return nil, fmt.Errorf("put the demo's program into a file: %w", err)
	}
	w := &Workload{dir: dir}
	for name, content := range map[string][]byte{program: []byte(runner), "shop.py": shop} {
		if err := write(filepath.Join(dir, name), content, uid, gid); err != nil {
			return nil, errors.Join(fmt.Errorf("put the demo's program into a file: %w", err), w.Close())
		}
	}
	// The last: from here on its owner may do with it what they like.
	if err := os.Lchown(dir, uid, gid); err != nil {
		return nil, errors.Join(fmt.Errorf("put the demo's program into a file: %w", err), w.Close())
	}
	return w, nil
}

// write makes a new private file.
func write(path string, content []byte, uid, gid int) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Chown(uid, gid), file.Close())
}

// Args is the command that runs the program with a python; it ends when its
// parent is no longer the process with the given PID (pytop's), on SIGTERM and
// on SIGINT.
func (w *Workload) Args(python string, parent int) []string {
	return []string{python, "-B", filepath.Join(w.dir, program), strconv.Itoa(parent)}
}

// Close removes the files, which Python has read once the program runs.
func (w *Workload) Close() error {
	if err := os.RemoveAll(w.dir); err != nil {
		return fmt.Errorf("remove the demo's program: %w", err)
	}
	return nil
}
