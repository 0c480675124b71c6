package contract

import (
	"encoding"
	"reflect"
	"strings"
	"sync"
)

// shape is what a Go type says about the objects and arrays meant for it. The zero shape says nothing.
type shape struct {
	declared bool         // a struct: its members are fields and no others
	fields   []field      // of a struct
	element  reflect.Type // of a slice, an array or a map; nil where any shape will do
}

// field is one member of a struct, as encoding/json knows it.
type field struct {
	name string
	kind reflect.Type
}

var shapes sync.Map // reflect.Type to shape; there are as many as the contract has types

func shapeOf(t reflect.Type) shape {
	if t == nil {
		return shape{}
	}
	if s, ok := shapes.Load(t); ok {
		return s.(shape)
	}
	s := newShape(t)
	shapes.Store(t, s)
	return s
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

func newShape(t reflect.Type) shape {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(textUnmarshaler) {
		return shape{} // reads its text itself and has no members to check
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return shape{element: t.Elem()}
	case reflect.Struct:
		s := shape{declared: true}
		for f := range t.Fields() {
			if f.IsExported() {
				s.fields = append(s.fields, field{nameOfField(f), f.Type})
			}
		}
		return s
	}
	return shape{}
}

func nameOfField(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
		return name
	}
	return f.Name
}

// member finds the field with a key and its place; known is false where the type has none of that name. The place is -1
// for members that are no fields.
func (s shape) member(key []byte) (place int, t reflect.Type, known bool) {
	for i := range s.fields {
		if s.fields[i].name == string(key) {
			return i, s.fields[i].kind, true
		}
	}
	return -1, s.element, !s.declared
}

// keys are those an object has had so far.
type keys struct {
	fields uint64 // by place
	others map[string]bool
}

// add reports whether the key was there already.
func (k *keys) add(place int, key []byte) (again bool) {
	if place >= 0 && place < 64 {
		again = k.fields>>place&1 == 1
		k.fields |= 1 << place
		return again
	}
	if k.others == nil {
		k.others = map[string]bool{}
	}
	again = k.others[string(key)]
	k.others[string(key)] = true
	return again
}
