package checkin

import "time"

// Verdict is what becomes of a scan.
type Verdict string

// The verdicts of W-5.
const (
	Accepted     Verdict = "accepted"
	Expired      Verdict = "expired"       // the minute is over: scan the present code
	WrongSession Verdict = "wrong_session" // a code, but not of the session that the student checks in to
	NotListed    Verdict = "not_listed"    // the student is not on the list
	WindowClosed Verdict = "window_closed" // the session is not running, or cancelled
	Forged       Verdict = "forged"        // not made by us
)

var advice = map[Verdict]string{
	Accepted:     "You are checked in.",
	Expired:      "This code has expired. Scan the code that the screen shows now, with at least ten seconds left.",
	WrongSession: "This code is of another class. Check that you are in the right room.",
	NotListed:    "You are not on the list of this class. Check your timetable, or speak to the lecturer.",
	WindowClosed: "This class cannot be checked in to now.",
	Forged:       "This is no check-in code. Scan the one on the lecturer's screen.",
}

// Advice is what the student is told.
func (v Verdict) Advice() string { return advice[v] }

// Session is what must be known of a session to check in to it.
type Session struct {
	ID                string
	Key               Key       // KeyOf
	OpensAt, ClosesAt time.Time // by the student's policy, both included
	Cancelled         bool
}

// Scan is a code that somebody sent, and when it arrived.
type Scan struct {
	Code   Code
	At     time.Time
	Listed bool // whoever sent it is on the list of the session
}

// Check says what becomes of a scan at the session that the student checks in to, with the policy's grace for processing
// (marking.qr_grace). A code is good in its minute and, for scans that take their time, up to grace after it; both bounds
// are included, in whole milliseconds. What is wrong with the code comes before what is wrong with the student, and the
// session's window is not stretched by the grace: "during the timetabled session" (002) means the scan itself.
func Check(s Session, scan Scan, grace time.Duration) Verdict {
	at := scan.At.Truncate(time.Millisecond)
	switch {
	case scan.Code.Session != s.ID:
		return WrongSession
	case !scan.Code.genuine(s.Key):
		return Forged
	case at.Before(scan.Code.Slot.Starts()), at.After(scan.Code.Slot.Ends().Add(grace)):
		return Expired
	case s.Cancelled, at.Before(s.OpensAt), at.After(s.ClosesAt):
		return WindowClosed
	case !scan.Listed:
		return NotListed
	}
	return Accepted
}
