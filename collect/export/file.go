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
	dir  *os.Root // held open: what is done by name stays in this directory
	name string
	path string
	made os.FileInfo // as it was made, to know it again
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
		file.path = path
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

// Close writes the file to the disk and closes it.
func (f *File) Close() error {
	err := f.Sync()
	if shut := f.File.Close(); err == nil {
		err = shut
	}
	f.dir.Close()
	if err != nil {
		return fmt.Errorf("write %s: %w", f.path, plain(err))
	}
	return nil
}

// remove closes the file and takes it away, unless there is another one under
// its name by now.
func (f *File) remove() {
	f.File.Close()
	if there, err := f.dir.Lstat(f.name); err == nil && os.SameFile(f.made, there) {
		f.dir.Remove(f.name) //nolint:errcheck // what led here is the error to report
	}
}

// write writes the whole content; on an error the file is removed.
func (f *File) write(content func(w *bufio.Writer) error) error {
	out := bufio.NewWriterSize(f.File, 64<<10)
	err := content(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		f.remove()
		return fmt.Errorf("write %s: %w", f.path, plain(err))
	}
	return f.File.Close()
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
