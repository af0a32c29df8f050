package export

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a new file that only its owner can read.
type File struct {
	*os.File
	dir   *os.Root // held open: what is done by name stays in this directory
	name  string
	path  string
	made  os.FileInfo // as it was made, to know it again
	owner *Owner      // whose rights take it away again
	gone  bool        // it was removed
}

// Create makes a new file. One that is there already, or a link of that name,
// is not touched: errors.Is(err, fs.ErrExist).
func Create(path string, owner *Owner) (*File, error) {
	var file *File
	err := owner.do(func() error {
		dir, err := os.OpenRoot(filepath.Dir(path))
		if err != nil {
			return err
		}
		file, err = create(dir, filepath.Base(path))
		if err != nil {
			dir.Close()
			return err
		}
		file.path, file.owner = path, owner
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", path, plain(err))
	}
	return file, nil
}

// create makes a new file in a directory: with O_EXCL neither an existing
// file nor a link, wherever it leads, is opened.
func create(dir *os.Root, name string) (*File, error) {
	file, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	made, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, err
	}
	return &File{File: file, dir: dir, name: name, path: filepath.Join(dir.Name(), name), made: made}, nil
}

// Close writes the file to the disk and closes it. Of a file that was removed
// there is nothing to write.
func (f *File) Close() error {
	defer f.dir.Close()
	if f.gone {
		return nil
	}
	err := f.Sync()
	if shut := f.File.Close(); err == nil {
		err = shut
	}
	if err != nil {
		return &WriteError{Path: f.path, Err: err, Left: "the file may be incomplete"}
	}
	return nil
}

// cut takes back what was written behind the first so many bytes, and the file
// with them if that is nothing. It returns what there is now.
func (f *File) cut(length int64) string {
	err := f.Truncate(length)
	switch {
	case err == nil && length > 0:
		return "the snapshot that did not fit was cut off again; those before it are whole"
	case err == nil:
		err = f.owner.do(f.remove)
		if err == nil {
			return "the file was removed, since no snapshot fitted"
		}
		return fmt.Sprintf("the file is empty, and is still there: %v", plain(err))
	}
	return fmt.Sprintf("the file is incomplete, and stays so: %v", plain(err))
}

// errReplaced says that a file was not removed.
var errReplaced = errors.New("another file has its name by now")

// remove closes the file and takes it away, unless there is another one under
// its name by now.
func (f *File) remove() error {
	f.gone = true
	f.File.Close()
	there, err := f.dir.Lstat(f.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !os.SameFile(f.made, there):
		return errReplaced
	}
	return f.dir.Remove(f.name)
}

// write writes the whole content to the disk and closes the file.
func (f *File) write(content func(w *bufio.Writer) error) error {
	out := bufio.NewWriterSize(f.File, 64<<10)
	err := content(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.File.Close()
	}
	return err
}

// plain is err without the operation and path of the os package: callers name
// the whole path themselves.
func plain(err error) error {
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return inner.Err
	}
	return err
}
