package fault

import (
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name        string
		kills, cuts []string
		want        string // the faults, or the beginning of the error
	}{
		{"nothing", nil, nil, ""},
		{"a gateway is killed", []string{"gateway:2@10s,up@25s"}, nil, "kill gateway:2@10s,up@25s"},
		{"central is killed", []string{"central@5s,up@30s"}, nil, "kill central@5s,up@30s"},
		{"a gateway is cut off", nil, []string{"gateway:1@10s,heal@40s"}, "cut gateway:1@10s,heal@40s"},
		{
			"together, in order of time", []string{"gateway:2@10s,up@25s", "central@5s,up@30s"}, []string{"gateway:3@1500ms,heal@1m"},
			"cut gateway:3@1.5s,heal@1m0s; kill central@5s,up@30s; kill gateway:2@10s,up@25s",
		},
		{"the same one twice, one after the other", []string{"gateway:1@1s,up@2s", "gateway:1@3s,up@4s"}, nil, "kill gateway:1@1s,up@2s; kill gateway:1@3s,up@4s"},
		{"overlapping", []string{"gateway:1@1s,up@5s", "gateway:1@3s,up@7s"}, nil, "error: kill gateway:1@3s,up@7s begins before"},
		{"never mended", []string{"gateway:1@1s"}, nil, "error: --kill gateway:1@1s: it says only when it breaks; add \",up@30s\""},
		{"never healed", nil, []string{"gateway:1@1s"}, "error: --cut gateway:1@1s: it says only when it breaks; add \",heal@30s\""},
		{"healed, not up", nil, []string{"gateway:1@1s,up@5s"}, "error: --cut gateway:1@1s,up@5s: \"up@5s\": want heal@"},
		{"mended before", []string{"central@9s,up@5s"}, nil, "error: --kill central@9s,up@5s: it is mended at 5s, before"},
		{"nobody", []string{"gateway:4@1s,up@5s"}, nil, "error: --kill gateway:4@1s,up@5s: \"gateway:4\" is nobody"},
		{"number zero", []string{"gateway:0@1s,up@5s"}, nil, "error: --kill gateway:0@1s,up@5s: \"gateway:0\" is nobody"},
		{"a word", []string{"library@1s,up@5s"}, nil, "error: --kill library@1s,up@5s: \"library\" is nobody"},
		{"central cannot be cut", nil, []string{"central@1s,heal@5s"}, "error: --cut central@1s,heal@5s: central's links"},
		{"no time", []string{"central,up@5s"}, nil, "error: --kill central,up@5s: \"central\" has no @"},
		{"no unit", []string{"central@5,up@30"}, nil, "error: --kill central@5,up@30: \"5\" is not a time"},
		{"negative", []string{"central@-5s,up@30s"}, nil, "error: --kill central@-5s,up@30s: \"-5s\" is not a time"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			faults, err := Parse(tt.kills, tt.cuts, 3)
			got := strings.Trim(strings.ReplaceAll(fmt.Sprint(faults), " kill", "; kill"), "[]")
			got = strings.ReplaceAll(got, " cut", "; cut")
			if err != nil {
				got = "error: " + err.Error()
			}
			if got != tt.want && (err == nil || !strings.HasPrefix(got, tt.want)) {
				t.Errorf("Parse = %q, want %q", got, tt.want)
			}
		})
	}
}
