//go:build failpoints

package failpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is the environment variable that names the folder of armed points.
const Folder = "ROLLCALL_FAILPOINTS"

var folder = os.Getenv(Folder)

// Hit panics if the point is armed.
func Hit(name string) {
	if folder == "" {
		return
	}
	armed := filepath.Join(folder, name)
	err := os.Rename(armed, armed+".hit")
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		panic(fmt.Sprintf("failpoints are armed in %s, and cannot be: %v", folder, err))
	}
	panic("failpoint " + name)
}
