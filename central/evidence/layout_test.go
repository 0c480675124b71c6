package evidence

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// Every kind of file, and what its lines come to. A day is London's; of a deadline it means the end.
func TestFiles(t *testing.T) {
	for _, tt := range []struct {
		name    string
		kind    Kind
		content string
		want    []string
	}{
		{"anything", "facts", "student_id,kind,at,until,of,value,amount,note,by\n" +
			"00123,placement,2026-10-05,2026-11-01,Acme,,1200,\"Jo, 1 Way\",Dr No\n" + ",audit,2026-11-03,,immigration,,,,Jan\n",
			[]string{"00123 placement 2026-10-04T23:00:00Z until 2026-11-01T23:59:59.999Z Acme amount 1200 (Jo, 1 Way) by Dr No",
				"audit 2026-11-03T00:00:00Z immigration by Jan"}},
		{"as objects", "facts", `[{"student_id":"00123","kind":"work","at":"2026-11-02","of":"Acme","amount":435},` + "\n" + `{"student_id":"s2","kind":"login","at":"2026-11-02T10:00:00Z"}]`,
			[]string{"00123 work 2026-11-02T00:00:00Z Acme amount 435 by office", "s2 login 2026-11-02T10:00:00Z by office"}},
		{"columns in any order, as few as needed", "facts", "at,kind,student_id\n2026-11-02T10:30:00.5+05:30,login,s2\n",
			[]string{"s2 login 2026-11-02T05:00:00.5Z by office"}},
		{"log-ins", Logins, "user,time,kind\n00123,2026-11-02 10:00,login\n00123,2026-11-02 10:01,view\ns2,2026-10-25 01:30+01:00,\n",
			[]string{"00123 login 2026-11-02T10:00:00Z by office", "s2 login 2026-10-25T00:30:00Z by office"}},
		{"submissions", "submissions", "student_id,assignment,due,outcome\n00123,LAW1 essay,2026-11-02,met\n00123,LAW2 essay,2026-12-02 16:00,expected\n",
			[]string{"00123 submission 2026-11-02T23:59:59.999Z LAW1 essay met by office", "00123 submission 2026-12-02T16:00:00Z LAW2 essay expected by office"}},
		{"examinations", "examinations", "student_id,paper,at,outcome,note\ns2,LAW1,2026-11-02 11:00,authorised,ill\n",
			[]string{"s2 exam 2026-11-02T11:00:00Z LAW1 authorised (ill) by office"}},
		{"meetings, of tutors unless the line says otherwise", "meetings", "student_id,kind,at,with,outcome,by\ns2,,2026-11-02 11:00,Dr No,Missed,Dr No\ns2,supervision,2026-11-03 11:00,Dr Ho,met,Dr Ho\n",
			[]string{"s2 meeting 2026-11-02T11:00:00Z Dr No missed by Dr No", "s2 supervision 2026-11-03T11:00:00Z Dr Ho met by Dr Ho"}},
		{"timesheets", "timesheets", "student_id,employer,last_day,confirmed_by\ns2,Acme,2026-11-08,Jo\n", []string{"s2 timesheet 2026-11-08T00:00:00Z Acme by Jo"}},
		{"enrolments", "enrolments", "student_id,programme,latest,status,enrolled\n00123,LLB,2026-10-09,cas,\ns2,LLB,2026-10-09,continuing,2026-10-23 16:00\n",
			[]string{"00123 enrolment 2026-10-09T22:59:59.999Z LLB cas by office", "s2 enrolment 2026-10-09T22:59:59.999Z LLB continuing by office", "s2 enrolled 2026-10-23T15:00:00Z LLB by office"}},
		{"placements", "placements", "student_id,employer,start,end,days_a_week,hours_a_week,contact\ns2,Acme,2027-01-11,2027-03-19,3,20.5,\"Jo Hill, 1 Way\"\n",
			[]string{"s2 placement 2027-01-11T00:00:00Z until 2027-03-19T23:59:59.999Z Acme 3 amount 1230 (Jo Hill, 1 Way) by office"}},
		{"work", "work", "student_id,employer,day,hours,role\ns2,Union,2026-11-02,7.25,sabbatical\ns2,Cafe,2026-11-02,0.33,\n",
			[]string{"s2 work 2026-11-02T00:00:00Z Union sabbatical amount 435 by office", "s2 work 2026-11-02T00:00:00Z Cafe amount 20 by office"}},
		{"fees", "fees", "student_id,invoice,due,amount,status,paid\ns2,I-1,2026-10-01,\"£1,234.50\",X3,\n00123,I-2,2026-10-01,900,,2026-09-30\n",
			[]string{"s2 fee 2026-10-01T22:59:59.999Z I-1 X3 amount 123450 by office", "00123 fee 2026-10-01T22:59:59.999Z I-2 amount 90000 by office",
				"00123 payment 2026-09-29T23:00:00Z I-2 amount 90000 by office"}},
		{"permissions", "permissions", "student_id,from,to,study,checked_by\ns2,2026-09-01,2027-10-31,Yes,Jan\n00123,2026-09-01,2027-10-31,no,Jan\n",
			[]string{"s2 permission 2026-08-31T23:00:00Z until 2027-10-31T23:59:59.999Z study by Jan", "00123 permission 2026-08-31T23:00:00Z until 2027-10-31T23:59:59.999Z no_study by Jan"}},
		{"contact details", "contact-details", "student_id,confirmed\ns2,2026-11-02\n", []string{"s2 details 2026-11-02T00:00:00Z by office"}},
		{"changes", "changes", "student_id,date,event,reason\ns2,2026-11-16,withdrawal,home\n", []string{"s2 change 2026-11-16T00:00:00Z withdrawal (home) by office"}},
		{"leave", "leave", "student_id,from,to,reason,approved_by\ns2,2026-11-16,2026-12-18,illness,Jan\n",
			[]string{"s2 leave 2026-11-16T00:00:00Z until 2026-12-18T23:59:59.999Z (illness) by Jan"}},
		{"facts of sessions", "session-facts", "student_id,kind,at,session,note,by\ns2,left,2026-11-02 11:29:59,law-1,,Dr No\n00123,exempted,2026-11-02,law-1,reader broken,IT\n,ended,2026-11-02 11:20,law-1,,Dr No\n",
			[]string{"s2 left 2026-11-02T11:29:59Z law-1 by Dr No", "00123 exempted 2026-11-02T00:00:00Z law-1 (reader broken) by IT", "ended 2026-11-02T11:20:00Z law-1 by Dr No"}},
		{"decisions", "decisions", "student_id,kind,at,until,rule,note,by\ns2,annotation,2026-11-02,,E-3 2026-10,\"ill; tutor meets weekly\",Jan\ns2,reason,2026-10-01,2026-10-31,,hospital,Jan\n",
			[]string{"s2 annotation 2026-11-02T00:00:00Z E-3 2026-10 (ill; tutor meets weekly) by Jan", "s2 reason 2026-09-30T23:00:00Z until 2026-10-31T23:59:59.999Z (hospital) by Jan"}},
		{"of the university", "university", "kind,at,of,by\naudit,2026-11-03,immigration,Jan\nreminder,2026-11-03,,\n",
			[]string{"audit 2026-11-03T00:00:00Z immigration by Jan", "reminder 2026-11-03T00:00:00Z by office"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := campus()
			diff := m.mustTake(t, tt.kind, tt.content, Options{})
			if d := cmp.Diff(tt.want, m.holding()); d != "" {
				t.Errorf("facts (-want +got):\n%s", d)
			}
			if diff.Added != len(tt.want) || diff.Changed+diff.Removed+diff.Unchanged != 0 {
				t.Errorf("diff = %+v, want %d added", diff, len(tt.want))
			}
			for range 2 {
				again := m.mustTake(t, tt.kind, tt.content, Options{Actor: "somebody else"})
				if !again.Empty() || again.Unchanged != len(tt.want) || m.imports != 1 {
					t.Errorf("row 78 G-6: again = %+v after %d imports, want %d unchanged and one", again, m.imports, len(tt.want))
				}
			}
		})
	}
}

func TestDaysInTheDeclaredFormat(t *testing.T) {
	m := campus()
	m.mustTake(t, "contact-details", "student_id,confirmed\ns2,5/6/2026\n", Options{DateFormat: sheet.DMY})
	if d := cmp.Diff([]string{"s2 details 2026-06-04T23:00:00Z by office"}, m.holding()); d != "" {
		t.Errorf("facts (-want +got):\n%s", d)
	}
}

// No kind of fact is forgotten, and what people are told about files is what the files are.
func TestEveryKindOfFactHasAForm(t *testing.T) {
	kinds := []engagement.Kind{
		engagement.Submission, engagement.Exam, engagement.Meeting, engagement.Supervision, engagement.Login, engagement.Timesheet, engagement.Communication,
		engagement.Enrolment, engagement.Enrolled, engagement.CourseEnd, engagement.Change, engagement.Leave, engagement.Placement, engagement.Work,
		engagement.Fee, engagement.Payment, engagement.Permission, engagement.Details, engagement.Announced, engagement.Left, engagement.Joined,
		engagement.Exempted, engagement.Annotation, engagement.Reported, engagement.Satisfied, engagement.Undertaking, engagement.Reason, engagement.Remark,
		engagement.Audit, engagement.RemoteHigh, engagement.Reminder, engagement.Ended, engagement.TrackerRow,
	}
	if d := cmp.Diff(kinds, allKinds()); d != "" {
		t.Errorf("kinds (-want +got):\n%s", d)
	}
	text := Describe()
	for _, kind := range Kinds() {
		if !strings.Contains(text, string(kind)+": ") {
			t.Errorf("the description is silent of %s", kind)
		}
	}
	if want := "    student_id,at,with,outcome,[kind],[note],[by],[withdraw]\n"; !strings.Contains(text, want) {
		t.Errorf("the description has not %q:\n%s", want, text)
	}
	if slices.Contains(Kinds(), Kind("absences")) {
		t.Error("absences are the timetable's")
	}
}
