package replicate

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const memtables = "*.mem"

// readPlainly tells the kernel not to read ahead in the files of Badger's memtables, as often as there is a new one. Badger maps
// them and writes them from the front; the kernel takes that for reading, fetches ahead in pieces of 64 KiB, and since Linux 6.16
// ext4 writes such a piece whole at every flush, for a record of 200 bytes. Badger has no option for it, so the mappings
// are found by name. It is advice: where it cannot be given, cards wear faster and nothing else happens.
func (r *replica) readPlainly() {
	newest, err := newestMemtable(r.path(currentDir))
	if err != nil || newest == r.advised {
		return
	}
	if err := adviseRandom(r.path(currentDir)); err != nil {
		r.log.Debug("the kernel goes on reading ahead in the replica", slog.Any("error", err))
	}
	r.advised = newest
}

func newestMemtable(dir string) (string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, memtables))
	if err != nil || len(paths) == 0 {
		return "", err
	}
	return slices.Max(paths), nil
}

// adviseRandom gives the advice for each mapping of a memtable in dir.
func adviseRandom(dir string) error {
	return eachMapping(filepath.Join(dir, memtables), func(m mapping) error {
		// A mapping that was replaced meanwhile loses its read-ahead and nothing else.
		return m.advise(m.from, m.to, unix.MADV_RANDOM)
	})
}

// fillStep is how much of a memtable's file is filled at once.
const fillStep = 512 << 10

// fillAhead has the file of the memtable filled with zeroes ahead of what is written into it; octets are about to be. Badger's files
// are sparse: whenever a flush reaches a block that was not there, ext4 flushes its own journal as well, three blocks for one.
// In blocks that are there already a flush is one flush, and writes what is new. It must be called before a commit, which
// flushes the zeroes along. Where it cannot be done, nothing else happens.
func (r *replica) fillAhead(octets int) {
	if r.filled -= octets; r.filled >= 0 {
		return
	}
	r.filled = fillStep
	if err := fillMemtable(r.path(currentDir)); err != nil {
		r.log.Debug("the replica's files are not filled ahead", slog.Any("error", err))
	}
}

// fillMemtable fills the newest memtable in dir for another step, from where its file has no blocks. The kernel does it by
// a write fault for each page, which changes no octet, whoever else writes there.
func fillMemtable(dir string) error {
	path, err := newestMemtable(dir)
	if err != nil || path == "" {
		return err
	}
	hole, err := holeIn(path)
	if err != nil || hole >= memtableSize {
		return err
	}
	return eachMapping(path, func(m mapping) error {
		from := m.from + uintptr(hole)&^uintptr(os.Getpagesize()-1)
		if m.offset > 0 || from >= m.to {
			return nil
		}
		return m.advise(from, min(from+fillStep, m.to), unix.MADV_POPULATE_WRITE)
	})
}

// holeIn is where the blocks of a file end.
func holeIn(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	at, err := f.Seek(0, unix.SEEK_HOLE)
	return at, errors.Join(err, f.Close())
}

// mapping is a part of a file in this process's memory.
type mapping struct {
	from, to uintptr // addresses
	offset   uint64  // of from in the file
	path     string
}

func (m mapping) advise(from, to uintptr, advice uintptr) error {
	if _, _, failed := unix.Syscall(unix.SYS_MADVISE, from, to-from, advice); failed != 0 {
		return fmt.Errorf("advise on %s: %w", m.path, failed)
	}
	return nil
}

// eachMapping visits the mappings of files whose path is of the pattern.
func eachMapping(pattern string, visit func(mapping) error) error {
	pattern, err := filepath.Abs(pattern)
	if err != nil {
		return err
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(maps)) {
		m, ok := parseMapping(line)
		if match, _ := filepath.Match(pattern, m.path); !ok || !match {
			continue
		}
		if err := visit(m); err != nil {
			return err
		}
	}
	return nil
}

// parseMapping reads a line of proc_pid_maps(5): from-to, permissions, offset, device, inode, path.
func parseMapping(line string) (m mapping, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 6 {
		return m, false
	}
	low, high, _ := strings.Cut(fields[0], "-")
	from, err := strconv.ParseUint(low, 16, 64)
	if err != nil {
		return m, false
	}
	to, err := strconv.ParseUint(high, 16, 64)
	if err != nil || to < from {
		return m, false
	}
	if m.offset, err = strconv.ParseUint(fields[2], 16, 64); err != nil {
		return m, false
	}
	m.from, m.to = uintptr(from), uintptr(to)
	m.path = strings.TrimSpace(line[strings.Index(line, " "+fields[4]+" ")+len(fields[4])+2:])
	return m, true
}
