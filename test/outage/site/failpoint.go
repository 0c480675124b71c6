package site

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// failpoints is the environment variable by which a program built with failpoints knows where they are armed; see package
// failpoint of the product.
const failpoints = "ROLLCALL_FAILPOINTS"

// Arm lets the gateway panic when it next comes to a failpoint. That is no end by itself.
func (g *Gateway) Arm(point string) error {
	if err := errors.Join(g.Process.Excuse(), os.WriteFile(g.armed(point), nil, 0o600)); err != nil {
		return fmt.Errorf("arm %s: %w", point, err)
	}
	return nil
}

// Disarm takes a failpoint back that the gateway has not come to.
func (g *Gateway) Disarm(point string) error {
	err := os.Remove(g.armed(point))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Struck reports whether the gateway has panicked at a point that was armed, and forgets it.
func (g *Gateway) Struck(point string) bool { return os.Remove(g.armed(point)+".hit") == nil }

func (g *Gateway) armed(point string) string { return filepath.Join(g.points, point) }
