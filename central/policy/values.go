package policy

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
)

// Value is one number or word of a policy as people read it.
type Value struct {
	Path    string // as not_from_policy names it
	Text    string
	Assumed string // why somebody had to decide it; empty when it is from the source
}

// Values lists what the policy says, in the order of the document. Clauses that are not in it are left out.
func (p *Policy) Values() []Value {
	l := lister{assumed: p.NotFromPolicy}
	for _, part := range []struct {
		path string
		of   any
	}{{"scope", p.Scope}, {"marking", p.Marking}, {"counting", p.Counting}, {"feeds", p.Feeds}, {"rules", p.Rules}} {
		l.list(part.path, reflect.ValueOf(part.of))
	}
	return l.all
}

// lister walks a policy by the keys of its document.
type lister struct {
	assumed map[string]string
	all     []Value
}

func (l *lister) list(path string, v reflect.Value) {
	switch {
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			l.list(path, v.Elem())
		}
	case v.Type().Implements(textMarshaler):
		text, _ := v.Interface().(encoding.TextMarshaler).MarshalText() // ours never fail
		l.add(path, string(text))
	case v.Kind() == reflect.Struct && v.NumField() == 0:
		l.add(path, "in force")
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			at := path
			if tag := v.Type().Field(i).Tag.Get("yaml"); tag != ",inline" {
				at += "." + tag
			}
			l.list(at, v.Field(i))
		}
	case v.Kind() == reflect.Slice:
		l.add(path, strings.Trim(fmt.Sprint(v.Interface()), "[]"))
	default:
		l.add(path, fmt.Sprint(v.Interface()))
	}
}

var textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()

// add leaves out what the document leaves out.
func (l *lister) add(path, text string) {
	if text == "" {
		return
	}
	l.all = append(l.all, Value{path, text, l.why(path)})
}

// why is the mark of a path or of what it is part of.
func (l *lister) why(path string) string {
	for path != "" {
		if why := l.assumed[path]; why != "" {
			return why
		}
		path = path[:max(strings.LastIndexByte(path, '.'), 0)]
	}
	return ""
}
