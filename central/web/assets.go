package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"
)

//go:embed assets
var assetFiles embed.FS

// assets are the files of the site, each under a name that changes with its content.
type assets struct {
	files   map[string][]byte
	digests map[string]string
	icons   template.HTML // one <symbol> per icon
}

var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
}

func loadAssets() (*assets, error) {
	a := &assets{files: make(map[string][]byte), digests: make(map[string]string)}
	var symbols strings.Builder
	err := fs.WalkDir(assetFiles, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := assetFiles.ReadFile(name)
		if err != nil {
			return err
		}
		if path.Ext(name) == ".svg" {
			return addSymbol(&symbols, name, string(content))
		}
		short := strings.TrimPrefix(name, "assets/")
		sum := sha256.Sum256(content)
		a.files[short], a.digests[short] = content, hex.EncodeToString(sum[:6])
		return nil
	})
	a.icons = template.HTML(symbols.String()) //nolint:gosec // made of our own embedded files
	return a, err
}

// addSymbol takes the drawing out of an icon's file.
func addSymbol(b *strings.Builder, name, svg string) error {
	_, inner, opened := strings.Cut(svg, "<svg")
	_, inner, begun := strings.Cut(inner, ">")
	inner, _, ended := strings.Cut(inner, "</svg>")
	if !opened || !begun || !ended {
		return fmt.Errorf("icon %s is not an svg element", name)
	}
	id := strings.TrimSuffix(path.Base(name), ".svg")
	fmt.Fprintf(b, `<symbol id="i-%s" viewBox="0 0 24 24">%s</symbol>`, id, strings.Join(strings.Fields(inner), " "))
	return nil
}

// href is the address of a file that may be kept for ever.
func (a *assets) href(name string) (string, error) {
	digest, ok := a.digests[name]
	if !ok {
		return "", fmt.Errorf("there is no asset %q", name)
	}
	return "/assets/" + name + "?v=" + digest, nil
}

// asset serves one file. A request that names the present content may keep it; others ask again in an hour.
func (s *Site) asset(c *gin.Context, _ *caller) error {
	name := strings.TrimPrefix(c.Param("file"), "/")
	content, ok := s.assets.files[name]
	if !ok {
		return errNowhere
	}
	c.Header("Cache-Control", "public, max-age=3600")
	if c.Query("v") == s.assets.digests[name] {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	}
	etag := `"` + s.assets.digests[name] + `"`
	c.Header("ETag", etag)
	if c.GetHeader("If-None-Match") == etag {
		c.Status(http.StatusNotModified)
		return nil
	}
	c.Data(http.StatusOK, assetTypes[path.Ext(name)], content)
	return nil
}
