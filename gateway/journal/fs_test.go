package journal

import (
	"os"
	"sync/atomic"
)

// lazyFS is the real file system without flushes, for tests in which no power is cut.
type lazyFS struct{ FS }

func (f lazyFS) SyncDir(string) error { return nil }

func (f lazyFS) MkdirAll(dir string) error { return os.MkdirAll(dir, 0o700) }

func (f lazyFS) OpenFile(name string, flag int) (File, error) {
	file, err := f.FS.OpenFile(name, flag)
	if err != nil {
		return nil, err
	}
	return lazyFile{file}, nil
}

type lazyFile struct{ File }

func (lazyFile) Datasync() error  { return nil }
func (lazyFile) DropCache() error { return nil }

// faultFS is the real file system with calls that can be made to fail. A nil hook lets the call pass.
type faultFS struct {
	FS
	write    func(name string, off int64) error
	datasync func(name string) error
	read     func(name string) error
	space    func() (free, total int64, err error)
	allocate func() error
	rename   func(from, to string) error
	syncs    atomic.Int64
}

func (f *faultFS) OpenFile(name string, flag int) (File, error) {
	file, err := f.FS.OpenFile(name, flag)
	if err != nil {
		return nil, err
	}
	return &faultFile{File: file, name: name, fs: f}, nil
}

func (f *faultFS) Space(dir string) (free, total int64, err error) {
	if f.space != nil {
		return f.space()
	}
	return f.FS.Space(dir)
}

func (f *faultFS) Rename(from, to string) error {
	if f.rename != nil {
		if err := f.rename(from, to); err != nil {
			return err
		}
	}
	return f.FS.Rename(from, to)
}

type faultFile struct {
	File
	name string
	fs   *faultFS
}

func (f *faultFile) WriteAt(b []byte, off int64) (int, error) {
	if f.fs.write != nil {
		if err := f.fs.write(f.name, off); err != nil {
			return 0, err
		}
	}
	return f.File.WriteAt(b, off)
}

func (f *faultFile) ReadAt(b []byte, off int64) (int, error) {
	if f.fs.read != nil {
		if err := f.fs.read(f.name); err != nil {
			return 0, err
		}
	}
	return f.File.ReadAt(b, off)
}

func (f *faultFile) Datasync() error {
	f.fs.syncs.Add(1)
	if f.fs.datasync != nil {
		if err := f.fs.datasync(f.name); err != nil {
			return err
		}
	}
	return f.File.Datasync()
}

func (f *faultFile) Allocate(size int64) error {
	if f.fs.allocate != nil {
		if err := f.fs.allocate(); err != nil {
			return err
		}
	}
	return f.File.Allocate(size)
}
