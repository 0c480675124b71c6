package evidence

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/engagement"
)

const (
	moodleHead = `Time,"User full name","Affected user","Event context",Component,"Event name",Description,Origin,"IP address"` + "\n"
	edlm       = "https://xapi.edlm/profiles/edlm-lms/concepts/verbs/login"
	jisc       = "https://brindlewaye.com/xAPITerms/verbs/loggedin/"
)

// moodleRow is a log-in as Moodle's site log has it.
func moodleRow(time, user string) string {
	return `"` + time + `","Ada Lovelace",-,System,System,"User has logged in","The user with id '` + user + `' has logged in.",web,10.0.0.1` + "\n"
}

// statementOf is an xAPI statement on one line.
func statementOf(verb, account, time string) string {
	return `{"actor":{"objectType":"Agent","name":"A","account":{"homePage":"https://vle.example.ac.uk","name":"` + account +
		`"}},"verb":{"id":"` + verb + `"},"object":{"id":"https://vle.example.ac.uk"},"timestamp":"` + time + `"}`
}

// The site log tells of much besides log-ins, in texts with line breaks and quotes, and of an official who logs in as a student.
func TestMoodleLog(t *testing.T) {
	m := campus()
	m.users = []User{{ID: "7", Student: "s2"}, {ID: "9"}}
	content := moodleHead + moodleRow("20/11/26, 14:05:31", "7") + moodleRow("20/11/26, 14:06:00", "9") + moodleRow("25/10/26, 01:30:00", "7") +
		`"20/11/26, 14:07:00","Ada Lovelace",-,"Course: ""Law""",System,"Course viewed","The user with id '7' viewed` + "\nthe course with id '5'.\",web,10.0.0.1\n" +
		`"19/11/26, 10:00:00",Jan,"Ada Lovelace",System,System,"User logged in as another user","The user with id '2' has logged in as the user with id '7'.",web,10.0.0.1` + "\n" +
		moodleRow("2 November 2026, 2:05 PM", "7") + moodleRow("Tuesday, 3 November 2026, 2:05 PM", "7")
	diff := m.mustTake(t, MoodleLog, content, Options{})
	want := []string{"s2 login 2026-11-20T14:05:31Z by office", "s2 login 2026-10-25T01:30:00Z by office", "s2 login 2026-11-02T14:05:00Z by office", "s2 login 2026-11-03T14:05:00Z by office"}
	if d := cmp.Diff(want, m.holding()); d != "" {
		t.Errorf("facts (-want +got):\n%s", d)
	}
	if !warned(diff, "2 lines that are no log-ins were passed over") {
		t.Errorf("warnings = %q, want one of what was passed over", diff.Warnings)
	}
	if diff := m.mustTake(t, MoodleLog, content, Options{}); !diff.Empty() {
		t.Errorf("row 78 G-6: the log again = %+v, want no change", diff)
	}
}

func TestMoodleLogWithoutLogins(t *testing.T) {
	diff := campus().mustTake(t, MoodleLog, moodleHead+`"20/11/26, 14:07",A,-,Course,System,"Course viewed","The user with id '7' viewed the course.",web,-`+"\n", Options{})
	if !warned(diff, "none of the lines is a log-in") {
		t.Errorf("warnings = %q, want one that asks for the whole log", diff.Warnings)
	}
}

func TestMoodleExtract(t *testing.T) {
	m := campus()
	m.users = []User{{ID: "7", Student: "s2"}}
	m.mustTake(t, MoodleExtract, "id,eventname,component,userid,timecreated\n"+
		`1,\core\event\user_loggedin,core,7,1792000000`+"\n"+`2,\core\event\course_viewed,core,7,1792000100`+"\n"+`3,\\core\\event\\user_loggedin,core,7,1792000200`+"\n", Options{})
	if d := cmp.Diff([]string{"s2 login 2026-10-14T17:46:40Z by office", "s2 login 2026-10-14T17:50:00Z by office"}, m.holding()); d != "" {
		t.Errorf("facts (-want +got):\n%s", d)
	}
}

// Statements come as an array, as a record store answers, or one after another.
func TestXAPI(t *testing.T) {
	one, two := statementOf(edlm, "s2", "2026-11-02T10:00:00.123456Z"), statementOf(jisc, "7", "2026-11-03T11:00:00+01:00")
	other := statementOf("http://id.tincanapi.com/verb/viewed", "s2", "2026-11-02T10:01:00Z")
	want := []string{"s2 login 2026-11-02T10:00:00.123Z by office", "00123 login 2026-11-03T10:00:00Z by office"}
	for name, content := range map[string]string{
		"an array":       "\ufeff[" + one + ",\n" + other + "," + two + "]\n",
		"an answer":      `{"more": "", "statements": [` + one + "," + two + "," + other + "]}",
		"one a line":     one + "\n" + other + "\n" + two + "\n",
		"without breaks": one + two,
	} {
		t.Run(name, func(t *testing.T) {
			m := campus()
			m.users = []User{{ID: "7", Student: "00123"}}
			m.mustTake(t, XAPI, content, Options{})
			if d := cmp.Diff(want, m.holding()); d != "" {
				t.Errorf("facts (-want +got):\n%s", d)
			}
		})
	}
}

// Log-ins of accounts that nobody has assigned are said to be left out, and no silence is concluded from the rest.
func TestAccountsThatNobodyHasAssigned(t *testing.T) {
	m := campus()
	content := moodleHead + moodleRow("20/11/26, 14:05:31", "7") + moodleRow("20/11/26, 15:05:31", "7") + moodleRow("20/11/26, 14:05:31", "9")
	diff := m.mustTake(t, MoodleLog, content, Options{})
	if !warned(diff, `account "7", with 2 lines, is nobody's`) || !warned(diff, "3 lines are of 2 accounts that nobody has assigned and are left out") {
		t.Errorf("warnings = %q, want the accounts listed", diff.Warnings)
	}
	o := Options{Through: through(t, "2026-11-20")}
	if _, err := m.take(t, MoodleLog, content, o); !errors.Is(err, ErrGuard) {
		t.Errorf("Import = %v, want ErrGuard", err)
	}
	if diff, err := m.take(t, MoodleLog, content, Options{Through: o.Through, DryRun: true}); err != nil || !warned(diff, "without force this import would be refused") {
		t.Errorf("dry run = %q, %v; want it said", diff.Warnings, err)
	}
	m.mustTake(t, VLEUsers, "user_id,student_id\n7,s2\n9,\n", Options{})
	diff = m.mustTake(t, MoodleLog, content, o)
	if diff.Added != 2 || !warned(diff, "1 students have no account in the virtual learning environment, for example 00123") {
		t.Errorf("diff = %+v, want 2 added and 00123 without an account", diff)
	}
	if f := m.feeds[engagement.Login]; !f.ByUser || !f.Through.Equal(o.Through) {
		t.Errorf("feed = %+v, want log-ins by account through the 20th", f)
	}
}

func TestAccountsMoveOnlyWithForce(t *testing.T) {
	m := campus()
	m.mustTake(t, VLEUsers, "user_id,student_id\n7,s2\n", Options{})
	if _, err := m.take(t, VLEUsers, "user_id,student_id\n7,00123\n", Options{}); !errors.Is(err, ErrGuard) || !strings.Contains(err.Error(), "moves from student s2 to 00123") {
		t.Errorf("Import = %v, want ErrGuard", err)
	}
	if diff := m.mustTake(t, VLEUsers, "user_id,student_id\n7,00123\n", Options{Force: true}); diff.Changed != 1 {
		t.Errorf("diff = %+v, want 1 changed", diff)
	}
	if diff := m.mustTake(t, VLEUsers, "user_id,student_id\n7,00123\n", Options{}); !diff.Empty() || diff.Unchanged != 1 {
		t.Errorf("again = %+v, want no change", diff)
	}
}
