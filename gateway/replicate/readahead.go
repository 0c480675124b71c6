package replicate

import (
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
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(maps)) {
		from, to, path, ok := mapping(line)
		if match, _ := filepath.Match(filepath.Join(dir, memtables), path); !ok || !match {
			continue
		}
		// A mapping that was replaced meanwhile loses its read-ahead and nothing else.
		if _, _, failed := unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_RANDOM); failed != 0 {
			return fmt.Errorf("advise on %s: %w", path, failed)
		}
	}
	return nil
}

// mapping reads a line of proc_pid_maps(5): from-to, permissions, offset, device, inode, path.
func mapping(line string) (from, to uintptr, path string, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 6 {
		return 0, 0, "", false
	}
	low, high, _ := strings.Cut(fields[0], "-")
	first, err := strconv.ParseUint(low, 16, 64)
	if err != nil {
		return 0, 0, "", false
	}
	last, err := strconv.ParseUint(high, 16, 64)
	if err != nil || last < first {
		return 0, 0, "", false
	}
	path = strings.TrimSpace(line[strings.Index(line, " "+fields[4]+" ")+len(fields[4])+2:])
	return uintptr(first), uintptr(last), path, true
}
