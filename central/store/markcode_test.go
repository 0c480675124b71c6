package store

import (
	"errors"
	"testing"

	"github.com/rollcall-edge/rollcall/central/register"
)

func TestCodeAtFindsTheMarkOfOneSession(t *testing.T) {
	const (
		written   = `["e1","autumn",1791187200000,"P","tap","Tapped at 09:03:12","1111111111111111",10,"college v1",1791190000000,1791190000000]`
		converted = `["e2", "autumn", 1791187200000, "A", "complete", "No tap", "", 0, "college v1", 1791190000000, 1791190000000]`
		quoting   = `["e3","autumn",1791187200000,"U","pending","\"e4\",\"autumn\",1,\"P\" [\"e4\",","",0,"college v1",1791190000000,1791190000000]`
		escaped   = `["a \"b\" é","autumn",1791187200000,"L","tap","Late","1111111111111111",11,"college v1",1791190000000,1791190000000]`
		week      = "[" + written + "," + converted + "," + quoting + "," + escaped + "]"
	)
	for _, tt := range []struct {
		name, session, marks string
		want                 register.Code
		err                  error
	}{
		{"first", "e1", week, "P", nil},
		{"as an older database was converted", "e2", week, "A", nil},
		{"with quotes in its reason", "e3", week, "U", nil},
		{"with quotes in its name", `a "b" é`, week, "L", nil},
		{"none, though a reason looks like it", "e4", week, "", nil},
		{"part of a name", "e", week, "", nil},
		{"in an empty week", "e1", "[]", "", nil},
		{"behind what nobody wrote", "e9", "[" + written + ",no JSON]", "", errNotMarks},
		{"cut off", "e2", week[:len(written)+30], "", errNotMarks},
		{"no JSON at all", "e1", "", "", errNotMarks},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := codeAt(tt.session, tt.marks)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("codeAt(%q) = %q, %v, want %q, %v", tt.session, got, err, tt.want, tt.err)
			}
		})
	}
}
