package replicate

import (
	"strings"
	"testing"
)

func TestOptionsAreChecked(t *testing.T) {
	three := []Member{{"gw-1", "a:1"}, {"gw-2", "b:1"}, {"gw-3", "c:1"}}
	for _, tt := range []struct {
		name string
		o    Options
		says string
	}{
		{"no directory", Options{ID: "gw-1", Members: three}, "needs a directory"},
		{"not a member", Options{ID: "gw-9", Dir: "d", Members: three}, `"gw-9", is not among`},
		{"name no certificate can carry", Options{ID: "gw-1", Dir: "d", Members: []Member{{"GW 1", "a:1"}}}, "gateway name"},
		{"address without port", Options{ID: "gw-1", Dir: "d", Members: []Member{{"gw-1", "a"}}}, "want an address host:port"},
		{"listed twice", Options{ID: "gw-1", Dir: "d", Members: []Member{{"gw-1", "a:1"}, {"gw-1", "b:1"}}}, "gw-1 is listed twice"},
		{"same address", Options{ID: "gw-1", Dir: "d", Members: []Member{{"gw-1", "a:1"}, {"gw-2", "a:1"}}}, "same address"},
		{"nowhere to listen", Options{ID: "gw-1", Dir: "d", Members: three}, "an address to listen on"},
		{"no certificate", Options{ID: "gw-1", Dir: "d", Members: three, Listen: ":1"}, "enrol this gateway first"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Open(tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Open = %v, want it to say %q", err, tt.says)
			}
		})
	}
}
