package keyring

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/rollcall-edge/rollcall/drivers/osdp"
)

const (
	mode   = 0o600
	digits = 2 * len(osdp.Key{})
	room   = digits + 2 // a line may end in CR LF
)

// read gives the key in a file, the zero key when there is no file. What it says of a bad file does not show what is in it.
func read(path string) (osdp.Key, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return osdp.Key{}, nil
	case errors.Is(err, fs.ErrPermission):
		return osdp.Key{}, fmt.Errorf("key file %s belongs to another user: chown it to the user of the gateway", path)
	case errors.Is(err, syscall.ELOOP):
		return osdp.Key{}, fmt.Errorf("key file %s is a link: put the file itself there", path)
	case err != nil:
		return osdp.Key{}, fmt.Errorf("open key file: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return osdp.Key{}, fmt.Errorf("look at key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return osdp.Key{}, fmt.Errorf("key file %s is no file: remove it and install a new key", path)
	}
	if perm := info.Mode().Perm(); perm&^mode != 0 {
		return osdp.Key{}, fmt.Errorf("key file %s may be used by others (mode %04o): chmod %o %s", path, perm, mode, path)
	}
	return parse(path, f)
}

// parse reads 32 hexadecimal digits and the end of the line.
func parse(path string, f io.Reader) (k osdp.Key, err error) {
	text, err := io.ReadAll(io.LimitReader(f, int64(room+1)))
	if err != nil {
		return osdp.Key{}, fmt.Errorf("read key file: %w", err)
	}
	line := strings.TrimRight(string(text), "\r\n")
	if n, err := hex.Decode(k[:], first(line)); len(line) != digits || err != nil || n != len(k) {
		return osdp.Key{}, fmt.Errorf("key file %s does not hold %d hexadecimal digits: restore it from a backup, or remove it and install a new key", path, digits)
	}
	if k.Known() {
		return osdp.Key{}, fmt.Errorf("key file %s holds a key that everybody knows: remove it and install a new key", path)
	}
	return k, nil
}

// first cuts to what fits a key.
func first(line string) []byte { return []byte(line[:min(len(line), digits)]) }

// write puts a key into a file that did not exist, or takes the place of one, whole.
func write(path string, k osdp.Key) error {
	half := path + unborn
	if err := os.Remove(half); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.WriteString(hex.EncodeToString(k[:]) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(half))
	}
	return os.Rename(half, path)
}
