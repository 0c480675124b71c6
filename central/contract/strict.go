package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
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
	b, err := readDocument(r, limit)
	if err != nil {
		return err
	}
	return decodeJSON(b, v, false)
}

// DecodeReply is DecodeJSON for what central says to a gateway: fields this build does not know are passed over, because
// central is upgraded first and formats only grow.
func DecodeReply(r io.Reader, limit int64, v any) error {
	b, err := readDocument(r, limit)
	if err != nil {
		return err
	}
	return decodeJSON(b, v, true)
}

func readDocument(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%w: more than %d octets", ErrTooLarge, limit)
	}
	return b, nil
}

func decodeJSON(b []byte, v any, lenient bool) error {
	if !utf8.Valid(b) {
		return fmt.Errorf("%w: octet %d", ErrNotUTF8, firstInvalid(b))
	}
	w := walk{document: b, lenient: lenient}
	if f := w.value(reflect.TypeOf(v)); f != nil {
		return fmt.Errorf("%w: at $%s%s", f.err, f.place, f.detail)
	}
	if rest := bytes.TrimSpace(b[w.at:]); len(rest) > 0 {
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
