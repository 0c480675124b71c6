package gateway

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A directory of keys that others may write to is not believed; and then no reader is heard in plain, since it may be one
// that has a key.
func TestNoReaderIsHeardWhileKeysCannotBeRead(t *testing.T) {
	m, r := newModel(t), newReader(t)
	c := enrolledSite(t, m, r)
	if err := os.Mkdir(filepath.Join(c.Data, "reader-keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(c.Data, "reader-keys"), 0o777); err != nil {
		t.Fatal(err)
	}
	g := start(t, c).gateway
	for deadline := deadline(t); ; {
		lines := g.capture.Lines()
		if s := lines[0].Readers[0]; lines[0].Line.Up && strings.Contains(s.Trouble, "chmod 700") {
			if s.Up {
				t.Error("the reader is up")
			}
			break
		}
		select {
		case <-deadline:
			t.Fatalf("reader = %+v, want that its keys cannot be read", lines[0].Readers[0])
		case led := <-r.leds:
			t.Fatalf("the reader is spoken to: light %v", led)
		default:
			time.Sleep(time.Millisecond)
		}
	}
	if info, err := os.Stat(KeysDir(c)); err != nil || info.Mode().Perm() != 0o777 {
		t.Errorf("key directory: %v, %v, want it left alone", info, err)
	}
}

// Keys lie where nobody else can read them.
func TestKeyDirectoryIsTheGatewaysAlone(t *testing.T) {
	c := enrolledSite(t, newModel(t), newReader(t))
	stopped(t, c)
	if info, err := os.Stat(KeysDir(c)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("key directory: %v, %v, want mode 0700", info, err)
	}
}
