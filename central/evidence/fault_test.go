package evidence

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/sheet"
)

const anything = "student_id,kind,at,until,of,value,amount,note,by\n"

// Every fault of a file is said at its line with what to do, and nothing of the file is applied.
func TestBadFiles(t *testing.T) {
	for _, tt := range []struct {
		name    string
		kind    Kind
		content string
		want    []string
	}{
		{"UTF-16", "facts", "\xff\xfes\x00t\x00", []string{"the file is UTF-16 (little endian), want UTF-8; save it as “CSV UTF-8”"}},
		{"Latin-1", Logins, "user,time\nRen\xe9,2026-11-02\n", []string{"line 2: octet 0xE9 is not UTF-8; the file is probably Latin-1 or Windows-1252; save it as “CSV UTF-8”"}},
		{"a quote that is never closed", "facts", anything + "s2,login,2026-11-02,,,,,\"x,\ns2,login,2026-11-03,,,,,,\n", []string{"line 2: a quote is opened and never closed; close it, or write a quote inside a field twice"}},
		{"a field too many", Logins, "user,time\ns2,2026-11-02,x\n", []string{"line 2: the line has more or fewer fields than the header; put fields with the separator inside into quotes"}},
		{"columns wrong and missing", "meetings", "student_id,when,with,outcome\n", []string{
			`line 1, "when": no such column; the columns of this kind of file are student_id, at, with, outcome, kind, note, by, withdraw`,
			"line 1, at: the column is missing; the columns of this kind of file are student_id, at, with, outcome, kind, note, by, withdraw"}},
		{"unknown students, each once, and lost zeros", "contact-details", "student_id,confirmed\ns9,2026-11-02\ns9,2026-11-03\n123,2026-11-02\n", []string{
			`line 2, student_id: student "s9" is unknown; import the student first`,
			`line 4, student_id: student "123" is unknown; there is a student 00123: if leading zeros were lost, format the column as text and export it again`}},
		{"days that are none", "contact-details", "student_id,confirmed\ns2,2026-02-30\ns2,30/10/2026\ns2,\ns2,2026-11-02T25:00:00Z\n", []string{
			`line 2, confirmed: "2026-02-30" is not a day; write it as yyyy-mm-dd`,
			`line 3, confirmed: "30/10/2026" is not a day; declare the other date format if all days are written like this (this import says iso)`,
			"line 4, confirmed: the field is empty",
			`line 5, confirmed: "2026-11-02T25:00:00Z" is not a time; write it as 2026-11-20T14:05:31Z`}},
		{"an hour that does not exist", Logins, "user,time\ns2,2026-03-29 01:30\n", []string{
			"line 2, time: 01:30 does not exist on 2026-03-29: the clocks go forward then; write the time the class really starts or ends"}},
		{"an hour that exists twice", Logins, "user,time\ns2,2026-10-25 01:30:00\n", []string{
			"line 2, time: 01:30:00 exists twice on 2026-10-25: the clocks go back then; write 01:30:00+01:00 for the first or 01:30:00+00:00 for the second"}},
		{"what happened in the future", Logins, "user,time\ns2,2026-11-27 09:00:01\n", []string{
			`line 2, time: "2026-11-27 09:00:01" is in the future, and this tells what happened; check day and month, and the clock that wrote it`}},
		{"years that are slips", "facts", anything + "s2,login,0026-11-02,,,,,,\ns2,leave,2026-11-02,2206-11-02,,,,,\n", []string{
			`line 2, at: "0026-11-02" is not between 1990 and 2100; check the year`, `line 3, until: "2206-11-02" is not between 1990 and 2100; check the year`}},
		{"an extract of accounts that never logged in", MoodleExtract, "eventname,userid,timecreated\n" + `\core\event\user_loggedin,7,1` + "\n", []string{
			`line 2, timecreated: "1" is not between 1990 and 2100; check the year`}},
		{"statements of a clock that was not set", XAPI, statementOf(edlm, "s2", "1970-01-01T00:00:10Z"), []string{
			`line 1, timestamp: "1970-01-01T00:00:10Z" is not between 1990 and 2100; check the clock that wrote it`}},
		{"missed in the future", "submissions", "student_id,assignment,due,outcome\ns2,LAW1,2026-11-27,missed\ns2,LAW1,2026-12-01,met\n", []string{
			`line 2, outcome: what is due at "2026-11-27" cannot have been missed yet; write expected until then`}},
		{"kinds that are none, or of another file", "session-facts", "student_id,kind,at,session\ns2,late,2026-11-02,law-1\ns2,login,2026-11-02,law-1\ns2,,2026-11-02,law-1\n", []string{
			`line 2, kind: "late" is no kind of fact that this file tells; write one of announced, left, joined, exempted or ended`,
			`line 3, kind: "login" is no kind of fact that this file tells; write one of announced, left, joined, exempted or ended`,
			`line 4, kind: "" is no kind of fact that this file tells; write one of announced, left, joined, exempted or ended`}},
		{"a session that is none", "session-facts", "student_id,kind,at,session\ns2,left,2026-11-02 11:00,law-9\n", []string{`line 2: session "law-9" is unknown; import the timetable first`}},
		{"of the university and yet of a student", "facts", anything + "s2,audit,2026-11-02,,immigration,,,,\n,login,2026-11-02,,,,,,\n", []string{
			"line 2, student_id: a fact of the kind audit is of the university, not of a student; leave the field empty",
			"line 3, student_id: the field is empty"}},
		{"spans", "facts", anything + "s2,leave,2026-11-02,,,,,,\ns2,login,2026-11-02,2026-11-03,,,,,\ns2,leave,2026-11-02,2026-11-01,,,,,\n", []string{
			"line 2, until: a leave lasts until something; write the last day",
			"line 3, until: a login lasts until nothing; leave the field empty",
			"line 4, until: it ends before it begins"}},
		{"words", "facts", anything + "s2,meeting,2026-11-02,,tutor,present,,,\ns2,meeting,2026-11-02,,tutor,,,,\ns2,meeting,2026-11-02,,,met,,,\ns2,change,2026-11-02,,withdrawl,,,,\ns2,reported,2026-11-02,,A5,,,,\n", []string{
			`line 2, value: "present" is not among the words for this; write met, missed, authorised, expected or cancelled`,
			`line 3, value: "" is not among the words for this; write met, missed, authorised, expected or cancelled`,
			"line 4, of: the field is empty",
			`line 5, of: "withdrawl" is not among the words for this; write course_change, leave, early_completion, withdrawal, termination or deregistration`,
			`line 6, of: "A5" is not a rule; write the rule and its scope as the finding has them, for example A-5 or E-3 2026-10`}},
		{"study, by other words", "permissions", "student_id,from,to,study\ns2,2026-09-01,2027-09-01,maybe\n", []string{`line 2, study: "maybe" is not among the words for this; write no or yes`}},
		{"amounts", "facts", anything + "s2,work,2026-11-02,,Acme,,7.5,,\ns2,work,2026-11-02,,Acme,,,,\ns2,details,2026-11-02,,,,5,,\n", []string{
			`line 2, amount: "7.5" is not an amount; write minutes or pence, without a fraction`,
			"line 3, amount: the field is empty", "line 4, amount: a details has no amount; leave the field empty"}},
		{"hours and pounds", "fees", "student_id,invoice,due,amount\ns2,I,2026-10-01,1.234\n", []string{`line 2, amount: "1.234" is not an amount; write pounds and pence, for example 1234.50`}},
		{"texts too long", "changes", "student_id,date,event,reason,by\ns2,2026-11-02,leave," + strings.Repeat("x", 4001) + "," + strings.Repeat("y", 201) + "\n", []string{
			"line 2, reason: the text is 4001 octets long, at most 4000 are allowed", "line 2, by: the text is 201 octets long, at most 200 are allowed"}},
		{"lines that say different things of one", "fees", "student_id,invoice,due,amount\ns2,I,2026-10-01,900\ns2,I,2026-10-02,900\n", []string{
			"line 3: line 2 says something else of the same fee; make the lines agree"}},
		{"neither withdrawn nor not", "changes", "student_id,date,event,withdraw\ns2,2026-11-02,leave,perhaps\n", []string{`line 2, withdraw: "perhaps" is neither yes nor no; write yes or no`}},
		{"accounts", VLEUsers, "user_id,student_id\n7,s2\n7,00123\n8,s9\n1.2E+08,s2\n,s2\n", []string{
			`line 3, user_id: "7" is in line 2 already; delete one of the two lines`,
			`line 4, student_id: student "s9" is unknown; import the student first`,
			`line 5, user_id: "1.2E+08" was a number before a spreadsheet rounded it; format the column as text and export it again`,
			"line 6, user_id: the field is empty"}},
		{"Moodle's log in another language", MoodleLog, "Zeit,Ereignisname,Beschreibung\n", []string{
			"line 1, Time: the column is missing; the columns of this kind of file are Time, Event name, Description",
			"line 1, Event name: the column is missing; the columns of this kind of file are Time, Event name, Description",
			"line 1, Description: the column is missing; the columns of this kind of file are Time, Event name, Description"}},
		{"Moodle's log in US English", MoodleLog, moodleHead + moodleRow("11/20/26, 14:05:31", "7"), []string{
			`line 2, Time: "11/20/26, 14:05:31" is not a time as Moodle's English writes it; export the log in English (en), not in US English, where 20/11/26, 14:05:31 is the form`}},
		{"Moodle's log by a clock that is not London's", MoodleLog, moodleHead + moodleRow("29/03/26, 01:30:00", "7"), []string{
			"line 2, Time: 01:30 does not exist in London on 2026-03-29: the clocks go forward then; set the time zone of whoever exports the log to Europe/London"}},
		{"an extract with dates", MoodleExtract, "eventname,userid,timecreated\n" + `\core\event\user_loggedin,7,2026-11-02` + "\n" + `\core\event\user_loggedin,x,1790000000` + "\n" + `\core\event\user_loggedin,7,1.79E+09` + "\n", []string{
			`line 2, timecreated: "2026-11-02" is not a number of seconds since 1970; export timecreated as it is in the table`,
			`line 3, userid: "x" is not the number of an account`,
			`line 4, timecreated: "1.79E+09" was a number before a spreadsheet rounded it; format the column as text and export it again`}},
		{"statements that are none", XAPI, "[\n1,\n{\"verb\":{\"id\":\"" + edlm + "\"},\"timestamp\":\"yesterday\"},\n\n" + statementOf(edlm, "", "2026-11-02T10:00:00Z") + ",\n" + statementOf(edlm, "7", "2027-11-02T10:00:00Z") + "]", []string{
			"line 2: this is no statement; a statement is a JSON object with actor, verb and timestamp",
			`line 3, timestamp: "yesterday" is not a time; write it as 2026-11-20T14:05:31Z`,
			"line 5, actor: the actor has no account name that can be used; let the plugin send accounts, and not addresses, as actors",
			`line 6, timestamp: "2027-11-02T10:00:00Z" is in the future, and this tells what happened; check the clock that wrote it`}},
		{"statements cut off", XAPI, statementOf(edlm, "s2", "2026-11-02T10:00:00Z") + "\n{\"verb\":\n", []string{
			"line 3: the file is not JSON here: unexpected EOF; export it as a JSON array, or one object a line, in UTF-8"}},
		{"statements that are a table", XAPI, "user,time\ns2,2026-11-02\n", []string{
			"line 1: the file is not JSON here: invalid character 'u' looking for beginning of value; export it as a JSON array, or one object a line, in UTF-8"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := campus()
			_, err := m.take(t, tt.kind, tt.content, Options{})
			faults, _ := errors.AsType[sheet.Faults](err)
			var got []string
			for _, f := range faults {
				got = append(got, f.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("faults differ (-want +got):\n%s(error: %v)", diff, err)
			}
			if len(m.kept)+len(m.users) > 0 {
				t.Errorf("%d facts and %d accounts of a faulty file, want none", len(m.kept), len(m.users))
			}
		})
	}
}
