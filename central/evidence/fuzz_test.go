package evidence

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/sheet"
)

// FuzzFiles puts any octets in as any kind of file: it must say what is wrong or take something in, never both, never panic,
// every fault must have words, and what was taken in once changes nothing a second time.
func FuzzFiles(f *testing.F) {
	kinds := Kinds()
	seed := func(kind Kind, content string) {
		for i, k := range kinds {
			if k == kind {
				f.Add(byte(i), false, content)
			}
		}
	}
	seed("facts", anything+"s2,placement,2026-10-05,2026-11-01,Acme,3,1200,\"Jo, 1 Way\",Dr No\n,audit,2026-11-03,,immigration,,,,Jan\n")
	seed("meetings", "student_id,at,with,outcome,withdraw\ns2,2026-11-02 10:00,tutor,met,\ns2,2026-11-03 10:00,tutor,missed,yes\n")
	seed("fees", "student_id,invoice,due,amount,status,paid\ns2,I-1,2026-10-01,\"£1,234.50\",X3,2026-10-02\n")
	seed("work", "student_id,employer,day,hours\ns2,Acme,2026-11-02,7.25\n")
	seed("session-facts", "student_id,kind,at,session\ns2,left,2026-11-02 11:29:59,law-1\n")
	seed("permissions", "student_id,from,to,study\ns2,2026-09-01,2027-10-31,yes\n")
	seed("facts", `[{"student_id":"00123","kind":"work","at":"2026-11-02","of":"Acme","amount":435}]`)
	seed(Logins, "user;time;kind\n00123;2026-10-25 01:30+01:00;login\n")
	seed(MoodleLog, moodleHead+moodleRow("20/11/26, 14:05:31", "7"))
	seed(MoodleExtract, "eventname,userid,timecreated\n\\core\\event\\user_loggedin,7,1790000000\n")
	seed(XAPI, "["+statementOf(edlm, "s2", "2026-11-02T10:00:00Z")+"]")
	seed(XAPI, `{"statements":[`+statementOf(jisc, "7", "2026-11-02T10:00:00Z")+"]}")
	seed(VLEUsers, "user_id,student_id\n7,s2\n9,\n")
	f.Fuzz(func(t *testing.T, kind byte, dmy bool, content string) {
		m := campus()
		m.users = []User{{ID: "7", Student: "s2"}}
		o := Options{Actor: "office", Force: true}
		if dmy {
			o.DateFormat = sheet.DMY
		}
		k := kinds[int(kind)%len(kinds)]
		diff, err := m.desk().Import(context.Background(), k, strings.NewReader(content), o)
		faults, faulty := errors.AsType[sheet.Faults](err)
		switch {
		case err != nil && !faulty:
			t.Fatalf("Import = %v, want faults or nothing", err)
		case faulty && (len(faults) == 0 || m.imports > 0):
			t.Fatalf("%d faults and %d imports, want faults alone", len(faults), m.imports)
		case !faulty && diff.Empty() != (m.imports == 0):
			t.Fatalf("diff %+v and %d imports, want both or none", diff, m.imports)
		}
		for _, fault := range faults {
			if fault.Problem == "" || fault.Line < 0 {
				t.Fatalf("fault %+v says nothing", fault)
			}
		}
		o.Force = false
		if again, err := m.desk().Import(context.Background(), k, strings.NewReader(content), o); !faulty && (err != nil || !again.Empty()) {
			t.Fatalf("a second time = %+v, %v; want no change", again, err)
		}
	})
}
