package sheet

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A file as central exports it, with a byte-order mark and the daily seal in the last column, is read like any other; a column
// that nobody knows is still a fault.
func TestTheSealIsPassedOverByTheImport(t *testing.T) {
	for column, faults := range map[string]int{"daily_seal": 0, "daily_seel": 1} {
		s := Sheet{Columns: []Column{{Name: "student"}, {Name: "module"}}}
		var read []string
		file := "\ufeffstudent,module," + column + "\ns1,CS101,2026-11-18 47DEQpj8=\ns2,LAW,2026-11-18 47DEQpj8=\n"
		err := s.Read(strings.NewReader(file), func(r Row) { read = append(read, r.Text("student")+" "+r.Text("module")) })
		if err != nil || len(s.Faults) != faults {
			t.Errorf("%s: Read = %v, faults %v; want %d", column, err, s.Faults, faults)
		}
		if want := []string{"s1 CS101", "s2 LAW"}; faults == 0 && !cmp.Equal(read, want) {
			t.Errorf("read %v, want %v", read, want)
		}
	}
}
