package contract

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

// What DecodeJSON refuses beyond what encoding/json does.
var (
	ErrTooLarge     = errors.New("document is too large")
	ErrNotUTF8      = errors.New("document is not valid UTF-8")
	ErrSyntax       = errors.New("document is not valid JSON")
	ErrDuplicateKey = errors.New("key appears twice")
	ErrUnknownField = errors.New("unknown field")
	ErrTrailing     = errors.New("something follows the document")
)

// DecodeJSON reads exactly one JSON document of at most limit octets into v, strictly: keys must be spelt as declared, once
// each; nothing may follow the document; text must be valid UTF-8. Each fault has its own sentinel and names its place.
func DecodeJSON(r io.Reader, limit int64, v any) error {
	return decodeJSON(r, limit, v, false)
}

// DecodeReply is DecodeJSON for what central says to a gateway: fields this build does not know are passed over, because
// central is upgraded first and formats only grow.
func DecodeReply(r io.Reader, limit int64, v any) error {
	return decodeJSON(r, limit, v, true)
}

func decodeJSON(r io.Reader, limit int64, v any, lenient bool) error {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return fmt.Errorf("read document: %w", err)
	}
	if int64(len(b)) > limit {
		return fmt.Errorf("%w: more than %d octets", ErrTooLarge, limit)
	}
	if !utf8.Valid(b) {
		return fmt.Errorf("%w: octet %d", ErrNotUTF8, firstInvalid(b))
	}
	w := walk{d: json.NewDecoder(bytes.NewReader(b)), lenient: lenient}
	w.d.UseNumber()
	if err := w.value(reflect.TypeOf(v), "$"); err != nil {
		return err
	}
	if rest := bytes.TrimSpace(b[w.d.InputOffset():]); len(rest) > 0 {
		return fmt.Errorf("%w: at octet %d", ErrTrailing, len(b)-len(rest))
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	return nil
}

func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

// walk goes through a document beside the Go type it is meant for.
type walk struct {
	d       *json.Decoder
	lenient bool // pass over unknown fields
}

func (w walk) value(t reflect.Type, path string) error {
	token, err := w.d.Token()
	if err != nil {
		return fmt.Errorf("%w: at %s: %w", ErrSyntax, path, noEOF(err))
	}
	switch token {
	case json.Delim('{'):
		return w.object(indirect(t), path)
	case json.Delim('['):
		return w.array(indirect(t), path)
	}
	return nil
}

func (w walk) object(t reflect.Type, path string) error {
	seen := map[string]bool{}
	for w.d.More() {
		token, err := w.d.Token()
		if err != nil {
			return fmt.Errorf("%w: in %s: %w", ErrSyntax, path, noEOF(err))
		}
		key, _ := token.(string)
		place := path + "." + key
		if seen[key] {
			return fmt.Errorf("%w: %s", ErrDuplicateKey, place)
		}
		seen[key] = true
		member, err := w.member(t, key, place)
		if err != nil {
			return err
		}
		if err := w.value(member, place); err != nil {
			return err
		}
	}
	return w.end(path)
}

func (w walk) array(t reflect.Type, path string) error {
	var element reflect.Type
	if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		element = t.Elem()
	}
	for i := 0; w.d.More(); i++ {
		if err := w.value(element, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return w.end(path)
}

func (w walk) end(path string) error {
	if _, err := w.d.Token(); err != nil {
		return fmt.Errorf("%w: in %s: %w", ErrSyntax, path, noEOF(err))
	}
	return nil
}

// member is the Go type of an object's member; nil where any shape will do (encoding/json then reports the mismatch).
func (w walk) member(t reflect.Type, key, place string) (reflect.Type, error) {
	if t == nil || (t.Kind() != reflect.Struct && t.Kind() != reflect.Map) {
		return nil, nil
	}
	if t.Kind() == reflect.Map {
		return t.Elem(), nil
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		if f.IsExported() && name == key {
			return f.Type, nil
		}
	}
	if w.lenient {
		return nil, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrUnknownField, place)
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// indirect follows pointers; types that read text themselves have no members to check.
func indirect(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t != nil && reflect.PointerTo(t).Implements(textUnmarshaler) {
		return nil
	}
	return t
}

// noEOF keeps a truncated document from looking like a clean end to the caller.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
