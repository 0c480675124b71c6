package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// deepest is how deep a document may be nested; encoding/json goes as far.
const deepest = 10_000

// walk goes through a document beside the Go type it is meant for, looking for what encoding/json lets through: keys given
// twice, or not declared. Of valid JSON it sees exactly the values; of the rest it finds some and leaves some to
// encoding/json, which reads the document after it. It is written for a timetable of 16 MiB, which a gateway reads before
// it can show its first blue light: it allocates nothing for a document of declared fields.
type walk struct {
	document []byte
	at       int
	depth    int
	lenient  bool // pass over unknown fields
}

// fault is what was found, with its place below the value that was looked at.
type fault struct {
	err    error
	place  string // e.g. ".streams[1].Own"
	detail string // e.g. ", octet 12"
}

func (f *fault) under(place string) *fault {
	f.place = place + f.place
	return f
}

func (w *walk) malformed() *fault {
	if w.at >= len(w.document) {
		return &fault{err: ErrSyntax, detail: ": it ends there"}
	}
	return &fault{err: ErrSyntax, detail: fmt.Sprintf(": octet %d", w.at)}
}

// value passes one value meant for t, which is nil where any shape will do (encoding/json then reports the mismatch).
func (w *walk) value(t reflect.Type) *fault {
	switch w.next() {
	case 0, ',', ':', ']', '}':
		return w.malformed()
	case '{':
		return w.nested(t, w.object)
	case '[':
		return w.nested(t, w.array)
	case '"':
		if _, ok := w.text(); !ok {
			return w.malformed()
		}
		return nil
	}
	w.scalar()
	return nil
}

func (w *walk) nested(t reflect.Type, pass func(shape) *fault) *fault {
	if w.depth == deepest {
		return w.malformed()
	}
	w.depth++
	w.at++
	f := pass(shapeOf(t))
	w.depth--
	return f
}

func (w *walk) object(s shape) *fault {
	if w.next() == '}' {
		w.at++
		return nil
	}
	var seen keys
	for {
		key, ok := w.key()
		if !ok {
			return w.malformed()
		}
		i, member, known := s.member(key)
		if seen.add(i, key) {
			return &fault{err: ErrDuplicateKey, place: "." + string(key)}
		}
		if !known && !w.lenient {
			return &fault{err: ErrUnknownField, place: "." + string(key)}
		}
		if f := w.value(member); f != nil {
			return f.under("." + string(key))
		}
		if closed, f := w.more('}'); closed || f != nil {
			return f
		}
	}
}

func (w *walk) array(s shape) *fault {
	if w.next() == ']' {
		w.at++
		return nil
	}
	for i := 0; ; i++ {
		if f := w.value(s.element); f != nil {
			return f.under(fmt.Sprintf("[%d]", i))
		}
		if closed, f := w.more(']'); closed || f != nil {
			return f
		}
	}
}

// more passes what stands behind a member or an element: a comma, or the end.
func (w *walk) more(end byte) (closed bool, f *fault) {
	c := w.next()
	if c != ',' && c != end {
		return false, w.malformed()
	}
	w.at++
	return c == end, nil
}

// key passes a key and its colon.
func (w *walk) key() (key []byte, ok bool) {
	if w.next() != '"' {
		return nil, false
	}
	if key, ok = w.text(); !ok || w.next() != ':' {
		return nil, false
	}
	w.at++
	if bytes.IndexByte(key, '\\') < 0 {
		return key, true
	}
	var plain string
	quoted := append(append([]byte{'"'}, key...), '"')
	if json.Unmarshal(quoted, &plain) != nil {
		return nil, false
	}
	return []byte(plain), true
}

// next passes white space and tells what follows, 0 at the end of the document.
func (w *walk) next() byte {
	for ; w.at < len(w.document); w.at++ {
		switch c := w.document[w.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// text passes a string and gives what is between its quotation marks, as it is written.
func (w *walk) text() (written []byte, ok bool) {
	from := w.at + 1
	for i := from; i < len(w.document); i++ {
		switch w.document[i] {
		case '\\':
			i++
		case '"':
			w.at = i + 1
			return w.document[from:i], true
		}
	}
	w.at = len(w.document)
	return nil, false
}

// scalar passes a number, true, false or null, or whatever stands in such a place.
func (w *walk) scalar() {
	for ; w.at < len(w.document); w.at++ {
		switch w.document[w.at] {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return
		}
	}
}
