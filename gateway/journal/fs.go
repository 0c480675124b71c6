package journal

import "io"

// FS is the part of an operating system a Log stands on, so that a test can fail exactly one call of it.
// Every method has the meaning and the errors of the system call behind it.
type FS interface {
	// MkdirAll makes dir and its parents with mode 0700, and makes the new entry durable.
	MkdirAll(dir string) error
	// List gives the names in dir, in any order.
	List(dir string) ([]string, error)
	// OpenFile opens name for reading and writing; flag is an os.O_ flag such as os.O_CREATE. New files have mode 0600.
	OpenFile(name string, flag int) (File, error)
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir makes the entries of dir durable (fsync of the directory).
	SyncDir(dir string) error
	// Space gives the bytes an unprivileged process may still write below dir, and the size of that file system.
	Space(dir string) (free, total int64, err error)
	// Lock takes the exclusive lock of dir until the returned Closer is closed, or fails with ErrLocked.
	Lock(dir string) (io.Closer, error)
}

// File is one open segment.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	// Allocate reserves size bytes on disk and sets the length; ENOSPC comes from here, not from a later write.
	Allocate(size int64) error
	// Datasync is fdatasync(2).
	Datasync() error
	// DropCache makes the next read come from the device: after a failed flush the page cache may show, as clean,
	// what the device never took.
	DropCache() error
}
