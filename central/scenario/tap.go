package scenario

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// What the short forms can get wrong.
var (
	errTap   = errors.New("not a tap; write for example Amara at L1, Amara and Ben at L1, or card w26:7:12 at L1/back")
	errRow   = errors.New("not what one does; write P for on time, L for 20 minutes late, +12 for so many minutes after the start, - for not at all, or P*5 for five times")
	errLight = errors.New("not a light; write green, red, blue, off, blue blinking or red twice, with the reason behind it as in red (window closed)")
)

// Tap is cards held to a reader: "Amara at L1", or two at once.
type Tap struct {
	text  string
	cards []string // names of people, or keys of cards
	place string   // a room with one reader, or room/reader
}

// UnmarshalText reads a tap. Error: errTap.
func (t *Tap) UnmarshalText(text []byte) error {
	at := strings.LastIndex(string(text), " at ")
	if at < 0 {
		return fmt.Errorf("%q: %w", text, errTap)
	}
	*t = Tap{text: string(text), cards: strings.Split(string(text[:at]), " and "), place: strings.TrimSpace(string(text[at+4:]))}
	for _, who := range t.cards {
		if strings.TrimSpace(who) == "" || t.place == "" {
			return fmt.Errorf("%q: %w", text, errTap)
		}
	}
	return nil
}

// Row is what somebody does at each meeting of a class, as a row of a register: "P P L - P*3".
type Row []visit

// visit is how somebody comes to a meeting.
type visit struct {
	comes bool
	after time.Duration // the start; negative is before
}

// The usual ways to come.
const (
	onTime = -5 * time.Minute
	late   = 20 * time.Minute
)

// UnmarshalText reads a row. Error: errRow.
func (r *Row) UnmarshalText(text []byte) error {
	for _, word := range strings.Fields(string(text)) {
		one, times, repeated := strings.Cut(word, "*")
		n := 1
		if repeated {
			var err error
			if n, err = strconv.Atoi(times); err != nil || n < 1 || n > 1000 {
				return fmt.Errorf("%q: %w", word, errRow)
			}
		}
		visit, err := parseVisit(one)
		if err != nil {
			return err
		}
		for range n {
			*r = append(*r, visit)
		}
	}
	return nil
}

func parseVisit(word string) (visit, error) {
	switch word {
	case "P":
		return visit{true, onTime}, nil
	case "L":
		return visit{true, late}, nil
	case "-":
		return visit{}, nil
	}
	minutes, err := strconv.Atoi(word)
	if err != nil {
		return visit{}, fmt.Errorf("%q: %w", word, errRow)
	}
	return visit{true, time.Duration(minutes) * time.Minute}, nil
}

// Light is what a reader shows, and why: "red (window closed)".
type Light struct{ shows, why string }

// The lights.
const (
	green  = "green"
	red    = "red"
	blue   = "blue"
	dark   = "off"
	stored = "blue blinking"
	twice  = "red twice"
)

// reasons are the words for why a tap is not credited.
var reasons = map[string]contract.Reason{
	"not listed": contract.NotListed, "window closed": contract.WindowClosed, "unknown card": contract.UnknownCard,
	"blocked card": contract.BlockedCard, "several cards": contract.SeveralCards, "no timetable": contract.NoTimetable,
}

// UnmarshalText reads a light. Error: errLight.
func (l *Light) UnmarshalText(text []byte) error {
	shows, why, given := strings.Cut(string(text), " (")
	*l = Light{shows: strings.ToLower(strings.TrimSpace(shows))}
	if given {
		l.why = strings.TrimSuffix(why, ")")
		if _, known := reasons[l.why]; !known {
			return fmt.Errorf("%q: the reasons are not listed, window closed, unknown card, blocked card, several cards and no timetable", l.why)
		}
	}
	switch l.shows {
	case green, red, blue, dark, stored, twice:
		return nil
	}
	return fmt.Errorf("%q: %w", text, errLight)
}

func (l Light) isSet() bool { return l.shows != "" }

// String is the form that UnmarshalText reads.
func (l Light) String() string {
	if l.why == "" {
		return l.shows
	}
	return l.shows + " (" + l.why + ")"
}

// fits reports whether a light is as expected; a reason is compared when one is expected.
func (l Light) fits(want Light) bool {
	return l.shows == want.shows && (want.why == "" || l.why == want.why)
}
