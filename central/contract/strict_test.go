package contract

import (
	"errors"
	"strings"
	"testing"
)

const goodBatch = `{"version":1,"stream":"0102030405060708","first":1,"records":["AA=="]}`

// RELIABILITY's bad inputs of the ingest API: encoding/json accepts the first five as they stand.
func TestStrictJSON(t *testing.T) {
	tests := []struct {
		name, document string
		want           error
		place          string
	}{
		{"good", goodBatch, nil, ""},
		{"space around", "\n " + goodBatch + " \n", nil, ""},
		{"trailing garbage", goodBatch + `x`, ErrTrailing, "octet"},
		{"second document", goodBatch + goodBatch, ErrTrailing, "octet"},
		{"duplicate key", `{"version":1,"version":1}`, ErrDuplicateKey, "$.version"},
		{"key in capitals", `{"VERSION":1}`, ErrUnknownField, "$.VERSION"},
		{"unknown field", `{"version":1,"extra":{"a":[1,{"b":2}]}}`, ErrUnknownField, "$.extra"},
		{"not UTF-8", "{\"stream\":\"\xff\"}", ErrNotUTF8, "octet 11"},
		{"too large", `{"records":["` + strings.Repeat("A", 300) + `"]}`, ErrTooLarge, "200"},
		{"truncated", `{"version":`, ErrSyntax, "$"},
		{"empty", ``, ErrSyntax, "$"},
		{"wrong type", `{"version":"one"}`, ErrSyntax, "version"},
		{"bad stream", `{"stream":"0102"}`, ErrSyntax, "16 hexadecimal"},
		{"upper-case stream", `{"stream":"010203040506070A"}`, ErrSyntax, "lower case"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b Batch
			err := DecodeJSON(strings.NewReader(tt.document), 200, &b)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Fatalf("DecodeJSON = %v, want %v", err, tt.want)
			}
			if err != nil && !strings.Contains(err.Error(), tt.place) {
				t.Errorf("error %q does not name its place %q", err, tt.place)
			}
		})
	}
}

func TestNestedUnknownFieldIsNamed(t *testing.T) {
	var r Report
	err := DecodeJSON(strings.NewReader(`{"streams":[{"stream":"0102030405060708"},{"Own":true}]}`), 1000, &r)
	if !errors.Is(err, ErrUnknownField) || !strings.Contains(err.Error(), "$.streams[1].Own") {
		t.Errorf("DecodeJSON = %v, want the place $.streams[1].Own", err)
	}
}

// A gateway a year old must understand a newer central.
func TestReplyMayHoldNewFields(t *testing.T) {
	var r Receipt
	if err := DecodeReply(strings.NewReader(`{"through":7,"new":{"deep":[1]}}`), 1000, &r); err != nil || r.Through != 7 {
		t.Errorf("DecodeReply = %v, through %d; want 7", err, r.Through)
	}
	if err := DecodeReply(strings.NewReader(`{"through":7,"through":8}`), 1000, &r); !errors.Is(err, ErrDuplicateKey) {
		t.Errorf("DecodeReply of a duplicate key = %v, want ErrDuplicateKey", err)
	}
}

func FuzzDecodeBatch(f *testing.F) {
	f.Add([]byte(goodBatch))
	f.Add([]byte(`{"records":[null,""],"first":-1}`))
	f.Add([]byte(`[[[[[[[[`))
	f.Fuzz(func(t *testing.T, document []byte) {
		var b Batch
		if err := DecodeJSON(strings.NewReader(string(document)), 1<<16, &b); err != nil {
			return
		}
		_, _ = b.Open() // must not panic
	})
}
