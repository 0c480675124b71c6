package checkin

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var secret = []byte("a secret of the university")

// at is a time of Monday 5 October 2026 in London summer time.
func at(clock string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05.000 -0700", "2026-10-05 "+clock+" +0100")
	if err != nil {
		panic(err)
	}
	return t
}

// law is the hour from 09:00, as the policy of source 002 has it: open from the start to the end.
func law() Session {
	return Session{ID: "law-1", Key: KeyOf(secret, "law-1"), OpensAt: at("09:00:00.000"), ClosesAt: at("10:00:00.000")}
}

func TestCheck(t *testing.T) {
	shown := func(session, clock string) Code { return Show(KeyOf(secret, session), session, at(clock)) }
	cancelled := law()
	cancelled.Cancelled = true
	borrowed := Show(KeyOf(secret, "art-1"), "law-1", at("09:05:30.000")) // the right name under another session's key
	later := shown("law-1", "09:05:30.000")
	later.Slot++ // the proof is of another minute
	const grace = 10 * time.Second
	tests := []struct {
		name     string
		session  Session
		code     Code
		at       string
		unlisted bool
		want     Verdict
	}{
		{"row 17 W-5 slot end +10.000 s", law(), shown("law-1", "09:05:30.000"), "09:06:10.000", false, Accepted},
		{"row 17 W-5 slot end +10.001 s", law(), shown("law-1", "09:05:30.000"), "09:06:10.001", false, Expired},
		{"row 18 W-5 valid token of another session", law(), shown("art-1", "09:05:30.000"), "09:05:31.000", false, WrongSession},
		{"row 19 W-5 valid slot, student not on list", law(), shown("law-1", "09:05:30.000"), "09:05:31.000", true, NotListed},
		{"W-5 in its minute", law(), shown("law-1", "09:05:00.000"), "09:05:59.999", false, Accepted},
		{"W-5 before its minute", law(), shown("law-1", "09:05:00.000"), "09:04:59.999", false, Expired},
		{"W-5 at the start of the session", law(), shown("law-1", "09:00:00.000"), "09:00:00.000", false, Accepted},
		{"W-5 before the session", law(), shown("law-1", "08:59:30.000"), "08:59:59.999", false, WindowClosed},
		{"W-5 at the end of the session", law(), shown("law-1", "09:59:59.999"), "10:00:00.000", false, Accepted},
		{"W-5 the grace does not stretch the session", law(), shown("law-1", "09:59:59.999"), "10:00:00.001", false, WindowClosed},
		{"W-7 cancelled", cancelled, shown("law-1", "09:05:00.000"), "09:05:10.000", false, WindowClosed},
		{"made with another session's key", law(), borrowed, "09:05:31.000", false, Forged},
		{"moved into another minute", law(), later, "09:06:00.000", false, Forged},
		{"typed by hand", law(), Code{Session: "law-1", Slot: SlotAt(at("09:05:00.000"))}, "09:05:31.000", false, Forged},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Check(tt.session, Scan{Code: tt.code, At: at(tt.at), Listed: !tt.unlisted}, grace)
			if got != tt.want {
				t.Errorf("Check = %s, want %s", got, tt.want)
			}
			if got.Advice() == "" {
				t.Errorf("%s gives the student no advice", got)
			}
		})
	}
}

// Row 17 again: a refresh by the lecturer never invalidates the running slot, whenever and however often it is asked for.
func TestRow17RefreshKeepsTheRunningSlot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minute := at("09:05:00.000")
		first := Show(law().Key, "law-1", minute.Add(time.Duration(rapid.IntRange(0, 59_999).Draw(t, "first"))*time.Millisecond))
		again := Show(law().Key, "law-1", minute.Add(time.Duration(rapid.IntRange(0, 59_999).Draw(t, "refreshed"))*time.Millisecond))
		if first != again {
			t.Fatalf("a refresh in the same minute shows another code")
		}
		scanned := minute.Add(time.Duration(rapid.IntRange(0, 70_000).Draw(t, "scanned")) * time.Millisecond)
		if got := Check(law(), Scan{Code: first, At: scanned, Listed: true}, 10*time.Second); got != Accepted {
			t.Fatalf("scanned at %v: %s, want accepted", scanned, got)
		}
	})
}

func TestCodesDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, session := range []string{"law-1", "law-11", "art-1"} {
		for minute := range 3 {
			seen[Show(KeyOf(secret, session), session, at("09:05:00.000").Add(time.Duration(minute)*time.Minute)).String()] = true
		}
	}
	if len(seen) != 9 {
		t.Errorf("%d different codes of three sessions in three minutes, want 9", len(seen))
	}
}

func TestCodesAreShortAndReadBack(t *testing.T) {
	longest := strings.Repeat("é", 32)
	for _, session := range []string{"a", "law-1", longest} {
		c := Show(KeyOf(secret, session), session, at("09:05:00.000"))
		got, err := Parse(c.String())
		if err != nil || got != c {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", c, got, err, c)
		}
		if len(c.String()) > 120 {
			t.Errorf("code of %q has %d characters, want at most 120: a camera must read it across a room", session, len(c.String()))
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(Show(KeyOf(secret, "law-1"), "law-1", at("09:05:00.000")).String())
	f.Add("")
	f.Add("AQ")
	f.Add("AX000000X00000000000000000000\r00")
	f.Add(strings.Repeat("A", 200))
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		if c.String() != text {
			t.Errorf("Parse(%q) reads back as %q", text, c)
		}
		if c.genuine(KeyOf([]byte("another secret"), c.Session)) {
			t.Errorf("%q is genuine under a key it was not made with", text)
		}
	})
}
