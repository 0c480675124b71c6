package document

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Decode reads text into the struct that into points to.
func (c *Checker) Decode(text []byte, into any) {
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
		c.Fault("", "the file has %d documents; keep one and remove the lines ---", len(file.Docs))
	}
}

func (c *Checker) syntax(err error) {
	fault := Fault{File: c.file, Detail: err.Error()}
	if e, ok := err.(yaml.Error); ok {
		fault.Detail = "not valid YAML: " + e.GetMessage()
		if strings.HasPrefix(e.GetMessage(), "mapping value is not allowed") {
			fault.Detail += "; text with a colon and a space in it needs quotes around it"
		}
		if t := e.GetToken(); t != nil {
			fault.Line, fault.Column = t.Position.Line, t.Position.Column
		}
	}
	c.faults = append(c.faults, fault)
}

func (c *Checker) value(node ast.Node, v reflect.Value, path string) {
	c.places[path] = node.GetToken().Position
	if node.Type() == ast.NullType {
		return // "key:" with nothing behind it keeps the default
	}
	if _, scalar := v.Addr().Interface().(encoding.TextUnmarshaler); scalar {
		c.scalar(node, v, path)
		return
	}
	if short, ok := v.Addr().Interface().(inShort); ok && c.short(node, short, path) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		c.value(node, v.Elem(), path)
	case reflect.Struct:
		c.mapping(node, v, path)
	case reflect.Slice:
		c.sequence(node, v, path)
	case reflect.Map:
		c.table(node, v, path)
	default:
		c.scalar(node, v, path)
	}
}

// inShort is a mapping that a document may write as one value, or as the names of its members, when there is nothing more to
// say of them. The error says what to write instead.
type inShort interface{ Short(names []string) error }

// short reports whether a node is in short, and reads it.
func (c *Checker) short(node ast.Node, into inShort, path string) bool {
	entries := []ast.Node{node}
	if list, ok := node.(*ast.SequenceNode); ok {
		entries = list.Values
	}
	var names []string
	for _, entry := range entries {
		scalar, ok := entry.(ast.ScalarNode)
		if !ok {
			return false
		}
		name := scalar.GetToken().Value
		names = append(names, name)
		c.places[path+"."+name] = scalar.GetToken().Position
	}
	if err := into.Short(names); err != nil {
		c.Fault(path, "%v", err)
	}
	return true
}

// members are the pairs of a mapping; a mapping of one pair has a node type of its own.
func (c *Checker) members(node ast.Node, path string) []*ast.MappingValueNode {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	c.Fault(path, "want keys and values here, indented below %q", path)
	return nil
}

func (c *Checker) mapping(node ast.Node, v reflect.Value, path string) {
	for _, m := range c.members(node, path) {
		key := m.Key.GetToken().Value
		at := strings.TrimPrefix(path+"."+key, ".")
		c.places[at] = m.Key.GetToken().Position
		field, known := fieldNamed(v, key)
		if !known {
			c.Fault(at, "unknown key; known here: %s", strings.Join(fieldNames(v.Type()), ", "))
			continue
		}
		c.value(m.Value, field, at)
	}
}

func (c *Checker) sequence(node ast.Node, v reflect.Value, path string) {
	list, ok := node.(*ast.SequenceNode)
	if _, one := v.Addr().Interface().(oneEntry); !ok && one {
		list, ok = &ast.SequenceNode{Values: []ast.Node{node}}, true
	}
	if !ok {
		c.Fault(path, "want a list: one line with - for each entry")
		return
	}
	v.SetZero() // a list of the document stands in the place of a default
	for i, item := range list.Values {
		element := reflect.New(v.Type().Elem()).Elem()
		c.value(item, element, fmt.Sprintf("%s[%d]", path, i))
		v.Set(reflect.Append(v, element))
	}
}

// oneEntry is a list that a document may write as its only entry, without the -.
type oneEntry interface{ OneEntry() }

func (c *Checker) table(node ast.Node, v reflect.Value, path string) {
	v.Set(reflect.MakeMap(v.Type()))
	for _, m := range c.members(node, path) {
		key := m.Key.GetToken().Value
		element := reflect.New(v.Type().Elem()).Elem()
		c.value(m.Value, element, path+"."+key)
		v.SetMapIndex(reflect.ValueOf(key), element)
	}
}

func (c *Checker) scalar(node ast.Node, v reflect.Value, path string) {
	scalar, ok := node.(ast.ScalarNode)
	if !ok {
		c.Fault(path, "want a single value")
		return
	}
	text := scalar.GetToken().Value
	if block, is := node.(*ast.LiteralNode); is { // the token is the | before the text
		text = block.Value.Value
	}
	if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := t.UnmarshalText([]byte(text)); err != nil {
			c.Fault(path, "%v", err)
		}
		return
	}
	c.plain(text, v, path)
}

func (c *Checker) plain(text string, v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			c.Fault(path, "%q is neither true nor false", text)
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 0, 32) // no number of a document is larger
		if err != nil {
			c.Fault(path, "%q is not a whole number", text)
		}
		v.SetInt(n)
	default:
		panic("document: field of kind " + v.Kind().String()) // a struct of ours that no test has loaded
	}
}

// fieldNamed finds a field by its yaml tag, looking into structs that are inlined.
func fieldNamed(v reflect.Value, key string) (reflect.Value, bool) {
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag.Get("yaml")
		if tag == key {
			return v.Field(i), true
		}
		if tag == inline {
			if f, known := fieldNamed(v.Field(i), key); known {
				return f, true
			}
		}
	}
	return reflect.Value{}, false
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		switch tag := t.Field(i).Tag.Get("yaml"); tag {
		case "": // not of the document
		case inline:
			names = append(names, fieldNames(t.Field(i).Type)...)
		default:
			names = append(names, tag)
		}
	}
	return names
}

// inline is the tag of a struct whose fields stand in the document as if they were its parent's.
const inline = ",inline"
