package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-edge/rollcall/config/document"
)

// checker checks the values of a configuration.
type checker struct{ *document.Checker }

func (c *checker) fault(path, format string, args ...any) { c.Fault(path, format, args...) }

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// unique reports a value that is missing or stood at an earlier path already.
func (c *checker) unique(seen map[string]string, path, value string) {
	if value == "" {
		c.fault(path, "missing; write a value")
		return
	}
	if first, taken := seen[value]; taken {
		c.fault(path, "%q stands at %s already; each needs its own", value, first)
		return
	}
	seen[value] = path
}

func (c *checker) oneOf(path, value string, known []string) {
	if slices.Contains(known, value) {
		return
	}
	c.fault(path, "%q is not known here; want one of %s", value, strings.Join(slices.DeleteFunc(slices.Clone(known), func(s string) bool { return s == "" }), ", "))
}
