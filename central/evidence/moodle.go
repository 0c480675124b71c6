package evidence

import (
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// moodleLogColumns are those of Moodle's site log that matter. It has no user name of a kind that a registry knows: the
// account's number is only inside the description, and other columns are names of people, which are not kept.
var moodleLogColumns = []sheet.Column{{Name: "Time"}, {Name: "Event name"}, {Name: "Description", Raw: true}}

// moodleLogin is what \core\event\user_loggedin says of itself, in English whatever the language of the site. An official who
// logs in as a student has another description.
var moodleLogin = regexp.MustCompile(`^The user with id '([0-9]{1,18})' has logged in\.?$`)

// readMoodleLog reads the site log as an administrator exports it.
func readMoodleLog(r io.Reader, _ sheet.DateFormat, d drawing) (*taken, error) {
	t := &taken{feeds: only(engagement.Login), byUser: true}
	s := &sheet.Sheet{Columns: moodleLogColumns, Others: true}
	others := 0
	err := s.Read(r, func(row sheet.Row) {
		at, ok := moodleTime(row)
		if !ok || !past(row, "Time", at, d.now) {
			return
		}
		m := moodleLogin.FindStringSubmatch(strings.TrimSpace(row.Text("Description")))
		if m == nil {
			others++
			t.saw(at)
			return
		}
		f := loggedIn(d, row.Line, m[1])
		f.At = at
		t.add(f)
	})
	t.settle(s, others)
	if others > 0 && len(t.told) == 0 {
		t.warnings = append(t.warnings, "none of the lines is a log-in: is this the log of the whole site, with all events, exported in English?")
	}
	return t, err
}

// moodleClocks are the forms of times in Moodle's English (strftimedatetimeshortaccurate, …short, strftimedatetimeaccurate,
// strftimedatetime and strftimedaydatetime of langconfig.php): the day comes before the month. US English has the month first,
// and a log in it is refused at the first day after the twelfth.
var moodleClocks = []string{
	"2/1/06, 15:04:05", "2/1/06, 15:04", "2 January 2006, 3:04:05 PM", "2 January 2006, 3:04 PM", "Monday, 2 January 2006, 3:04 PM",
}

// moodleTime reads a local time. In the hour that comes twice a year the later of the two instants is taken, which is the
// better one for a student.
func moodleTime(r sheet.Row) (time.Time, bool) {
	v, ok := r.Need("Time")
	if !ok {
		return time.Time{}, false
	}
	for _, form := range moodleClocks {
		wall, err := time.Parse(form, v)
		if err != nil {
			if errors.As(err, new(*time.ParseError)) && strings.Contains(err.Error(), "out of range") {
				break
			}
			continue
		}
		at, err := sheet.LaterOf(wall)
		if err != nil {
			r.Fault("Time", err.Error(), "set the time zone of whoever exports the log to Europe/London")
			return time.Time{}, false
		}
		return at, true
	}
	r.Fault("Time", sheet.Shown(v)+" is not a time as Moodle's English writes it", "export the log in English (en), not in US English, where 20/11/26, 14:05:31 is the form")
	return time.Time{}, false
}

// moodleExtractColumns are those of logstore_standard_log that matter.
var moodleExtractColumns = []sheet.Column{{Name: "eventname"}, {Name: "userid"}, {Name: "timecreated"}}

// readMoodleExtract reads rows of logstore_standard_log, with the time in seconds since 1970 and the number of the account.
func readMoodleExtract(r io.Reader, _ sheet.DateFormat, d drawing) (*taken, error) {
	t := &taken{feeds: only(engagement.Login), byUser: true}
	s := &sheet.Sheet{Columns: moodleExtractColumns, Others: true}
	others := 0
	err := s.Read(r, func(row sheet.Row) {
		at, ok := epoch(row, "timecreated")
		if !ok || !past(row, "timecreated", at, d.now) {
			return
		}
		if strings.ReplaceAll(row.Text("eventname"), `\\`, `\`) != `\core\event\user_loggedin` {
			others++
			t.saw(at)
			return
		}
		user := row.Text("userid")
		if !wholeID.MatchString(user) {
			row.Fault("userid", sheet.Shown(user)+" is not the number of an account", "")
			return
		}
		f := loggedIn(d, row.Line, user)
		f.At = at
		t.add(f)
	})
	t.settle(s, others)
	return t, err
}

// epoch is an instant in seconds since 1970.
func epoch(r sheet.Row, column string) (time.Time, bool) {
	v, ok := r.Need(column)
	if !ok || r.IsSpreadsheetNumber(column, v) {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(v, 10, 64)
	if err != nil || seconds <= 0 || seconds > 1<<33 {
		r.Fault(column, sheet.Shown(v)+" is not a number of seconds since 1970", "export timecreated as it is in the table")
		return time.Time{}, false
	}
	return time.Unix(seconds, 0).UTC(), true
}
