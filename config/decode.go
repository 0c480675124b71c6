package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// checker walks a YAML document beside the Go value it fills, and remembers where each path stood.
type checker struct {
	file   string
	faults Faults
	places map[string]*token.Position
}

func (c *checker) decode(text []byte, into any) {
	c.places = map[string]*token.Position{}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		c.syntax(err)
		return
	}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			c.value(doc.Body, reflect.ValueOf(into).Elem(), "")
		}
	}
	if len(file.Docs) > 1 {
		c.fault("", "the file has %d documents; keep one and remove the lines ---", len(file.Docs))
	}
}

func (c *checker) syntax(err error) {
	fault := Fault{File: c.file, Detail: err.Error()}
	if e, ok := err.(yaml.Error); ok {
		fault.Detail = "not valid YAML: " + e.GetMessage()
		if t := e.GetToken(); t != nil {
			fault.Line, fault.Column = t.Position.Line, t.Position.Column
		}
	}
	c.faults = append(c.faults, fault)
}

// fault reports something wrong at a path; its line is that of the path or of the nearest parent in the file.
func (c *checker) fault(path, format string, args ...any) {
	f := Fault{File: c.file, Path: path, Detail: fmt.Sprintf(format, args...)}
	for at := path; at != ""; at = parent(at) {
		if p := c.places[at]; p != nil {
			f.Line, f.Column = p.Line, p.Column
			break
		}
	}
	c.faults = append(c.faults, f)
}

func parent(path string) string { return path[:max(strings.LastIndexAny(path, ".["), 0)] }

func (c *checker) value(node ast.Node, v reflect.Value, path string) {
	c.places[path] = node.GetToken().Position
	switch {
	case node.Type() == ast.NullType: // "key:" with nothing behind it keeps the default
	case v.Kind() == reflect.Struct:
		c.mapping(node, v, path)
	case v.Kind() == reflect.Slice:
		c.sequence(node, v, path)
	case v.Kind() == reflect.Map:
		c.table(node, v, path)
	default:
		c.scalar(node, v, path)
	}
}

// members are the pairs of a mapping; a mapping of one pair has a node type of its own.
func (c *checker) members(node ast.Node, path string) []*ast.MappingValueNode {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	c.fault(path, "want keys and values here, indented below %q", path)
	return nil
}

func (c *checker) mapping(node ast.Node, v reflect.Value, path string) {
	for _, m := range c.members(node, path) {
		key := m.Key.GetToken().Value
		at := strings.TrimPrefix(path+"."+key, ".")
		c.places[at] = m.Key.GetToken().Position
		field, known := fieldNamed(v, key)
		if !known {
			c.fault(at, "unknown key; known here: %s", strings.Join(fieldNames(v), ", "))
			continue
		}
		c.value(m.Value, field, at)
	}
}

func (c *checker) sequence(node ast.Node, v reflect.Value, path string) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		c.fault(path, "want a list: one line with - for each entry")
		return
	}
	for i, item := range list.Values {
		element := reflect.New(v.Type().Elem()).Elem()
		c.value(item, element, fmt.Sprintf("%s[%d]", path, i))
		v.Set(reflect.Append(v, element))
	}
}

func (c *checker) table(node ast.Node, v reflect.Value, path string) {
	v.Set(reflect.MakeMap(v.Type()))
	for _, m := range c.members(node, path) {
		key := m.Key.GetToken().Value
		element := reflect.New(v.Type().Elem()).Elem()
		c.value(m.Value, element, path+"."+key)
		v.SetMapIndex(reflect.ValueOf(key), element)
	}
}

func (c *checker) scalar(node ast.Node, v reflect.Value, path string) {
	scalar, ok := node.(ast.ScalarNode)
	if !ok {
		c.fault(path, "want a single value")
		return
	}
	text := scalar.GetToken().Value
	if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := t.UnmarshalText([]byte(text)); err != nil {
			c.fault(path, "%v", err)
		}
		return
	}
	c.plain(text, v, path)
}

func (c *checker) plain(text string, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			c.fault(path, "%q is neither true nor false", text)
		}
		v.SetBool(b)
	case reflect.Int:
		n, err := strconv.ParseInt(text, 0, 32)
		if err != nil {
			c.fault(path, "%q is not a whole number", text)
		}
		v.SetInt(n)
	default:
		panic("config: field of kind " + v.Kind().String()) // a struct of ours that no test has loaded
	}
}

func fieldNamed(v reflect.Value, key string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("yaml") == key {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func fieldNames(v reflect.Value) []string {
	var names []string
	for i := range v.NumField() {
		names = append(names, v.Type().Field(i).Tag.Get("yaml"))
	}
	return names
}
