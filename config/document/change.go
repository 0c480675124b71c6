package document

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// Change gives a document with other values at some paths, which are keys joined by dots, e.g. rules.A-2.missed. A value is
// YAML itself; an empty one takes the key away. What the document does not have yet is added. Comments are lost, so the
// result is for programs.
func Change(text []byte, values map[string]string) ([]byte, error) {
	var whole yaml.MapSlice
	if err := yaml.UnmarshalWithOptions(text, &whole, yaml.UseOrderedMap()); err != nil {
		return nil, fmt.Errorf("change document: %w", err)
	}
	for _, path := range slices.Sorted(maps.Keys(values)) {
		var value any
		if err := yaml.UnmarshalWithOptions([]byte(values[path]), &value, yaml.UseOrderedMap()); err != nil {
			return nil, fmt.Errorf("change %s: %q is not YAML: %w", path, values[path], err)
		}
		whole = put(whole, strings.Split(path, "."), value)
	}
	out, err := yaml.Marshal(whole)
	if err != nil {
		return nil, fmt.Errorf("change document: %w", err)
	}
	return out, nil
}

func put(m yaml.MapSlice, keys []string, value any) yaml.MapSlice {
	named := func(key string) int {
		return slices.IndexFunc(m, func(i yaml.MapItem) bool { return fmt.Sprint(i.Key) == key })
	}
	at := named(keys[0])
	if whole := named(strings.Join(keys, ".")); at < 0 && whole >= 0 { // a key may have dots itself
		at, keys = whole, keys[len(keys)-1:]
	}
	if len(keys) > 1 {
		below := yaml.MapSlice{}
		if at >= 0 {
			below, _ = m[at].Value.(yaml.MapSlice)
		}
		value = put(below, keys[1:], value)
	}
	switch {
	case value == nil && at >= 0:
		return slices.Delete(m, at, at+1)
	case value == nil:
		return m
	case at >= 0:
		m[at].Value = value
		return m
	}
	return append(m, yaml.MapItem{Key: keys[0], Value: value})
}
