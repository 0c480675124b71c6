package timetable

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func reader(content string) io.Reader { return strings.NewReader(content) }

// FuzzCSV puts any octets in as any kind of file: it must say what is wrong or change something, never both, never panic,
// and every fault must have words.
func FuzzCSV(f *testing.F) {
	kinds := []Kind{Terms, Rooms, Students, Cards, Sessions, Absences}
	f.Add(byte(0), false, "term_id,name,first_day,last_day\na,Autumn,2026-09-28,2026-12-11\n")
	f.Add(byte(1), false, "building_id,building_name,room_id,room_name,point_id\nA,A,R,R,R/1\n")
	f.Add(byte(2), false, studentsHead+"s1,\"Ada\",a@b,,,6,yes\n")
	f.Add(byte(3), true, cardsHead+"s2,uid:04A2B3C4D5E680,05/10/2026,,lost\n")
	f.Add(byte(4), false, eventsHead+"x,2026-10-25,01:30+01:00,03:00,A-101,LAW,,no,hybrid,t,s2,\nlaw-1,,,,,,,,,,,yes\n")
	f.Add(byte(5), false, "student_id,from,to,reason,approved_by\ns2,2026-10-05 09:00,2026-10-06,ill,Dr No\n")
	f.Add(byte(5), false, "student_id,from,to,reason,approved_by,approvals\ns2,2026-10-05,2026-10-06,ill,Dr No,course_lead: a; head_of_registry: b;\n")
	f.Add(byte(1), false, "building_id,building_name,room_id,room_name,point_id,direction\nA,A,R,R,R/1,out\n")
	f.Add(byte(2), false, "\ufeffstudent_id;name\r\n\"s1;Ada\r\n")
	f.Add(byte(2), false, "\xff\xfes\x00")
	f.Fuzz(func(t *testing.T, kind byte, dmy bool, content string) {
		m := smallCampus()
		o := Options{Force: true, Mode: Delta}
		if dmy {
			o.DateFormat = DMY
		}
		k := kinds[int(kind)%len(kinds)]
		diff, err := m.importer().Import(context.Background(), k, reader(content), o)
		faults, faulty := errors.AsType[Faults](err)
		switch {
		case err != nil && !faulty:
			t.Fatalf("Import = %v, want faults or nothing", err)
		case faulty && (len(faults) == 0 || m.change != nil):
			t.Fatalf("%d faults and the change %+v, want faults alone", len(faults), m.change)
		case !faulty && diff.Empty() != (m.change == nil):
			t.Fatalf("diff %+v and the change %+v, want both or none", diff, m.change)
		}
		for _, fault := range faults {
			if fault.Problem == "" || fault.Line < 0 {
				t.Fatalf("fault %+v says nothing", fault)
			}
		}
	})
}
