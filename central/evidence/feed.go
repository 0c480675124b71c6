package evidence

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// feedsOf decides until when facts are complete from now on.
func (p *plan) feedsOf(ctx context.Context, state State) error {
	known, err := state.Feeds(ctx)
	switch {
	case err != nil:
		return err
	case p.o.Through.IsZero():
		p.warnOfSilence(known)
		return nil
	case len(p.feeds) == 0:
		return fmt.Errorf("%w: of what this file tells nothing is concluded from silence, so nothing needs to be complete", ErrOption)
	case len(p.told) == 0:
		p.guards = append(p.guards, fmt.Sprintf("there is not one of the %s in the file, and everybody would seem silent through %s", pluralsOf(p.feeds), day(p.o.Through)))
	}
	for _, kind := range p.feeds {
		p.advance(kind, known[kind])
	}
	return nil
}

// warnOfSilence says of which facts nothing is concluded because nobody says until when they are complete.
func (p *plan) warnOfSilence(known map[engagement.Kind]time.Time) {
	silent := slices.DeleteFunc(slices.Clone(p.feeds), func(k engagement.Kind) bool {
		f, _ := formOf(k)
		return f.feed != must && known[k].IsZero()
	})
	if len(silent) == 0 {
		return
	}
	since := ""
	if through := known[silent[0]]; !through.IsZero() {
		since = " after " + day(through)
	}
	p.diff.Warn("nobody says until when the %s are complete: nothing is concluded from silence%s; if the file has them all through a day, name the day (--through)", pluralsOf(silent), since)
}

// advance moves one feed, unless the file would leave a hole in it: what happened in a hole would seem never to have happened.
func (p *plan) advance(kind engagement.Kind, was time.Time) {
	if !p.o.Through.After(was) {
		return
	}
	since := p.o.Since
	if since.IsZero() {
		since = p.first
	}
	switch {
	case since.IsZero():
	case was.IsZero():
		p.diff.Warn("until now nothing was concluded from missing %s; from now on the time before %s counts as a time without them", plural(kind), day(since))
	case calendar.DayOf(was).Add(1).Before(calendar.DayOf(since)):
		p.guards = append(p.guards, fmt.Sprintf("the %s are complete through %s and this file begins on %s: import those between first, or say since when the file is complete (--since)",
			plural(kind), day(was), day(since)))
	}
	p.diff.Changed++
	p.diff.Example("%s are complete through %s", plural(kind), p.o.Through.In(calendar.London).Format("Mon 2 Jan 2006 15:04"))
	p.change.Feeds = append(p.change.Feeds, Feed{Kind: kind, Through: p.o.Through, ByUser: p.byUser})
}

func day(t time.Time) string { return t.In(calendar.London).Format("Mon 2 Jan 2006") }

// plurals are the kinds that do not end in s then.
var plurals = map[engagement.Kind]string{engagement.Joined: "online joins", engagement.Enrolled: "moments of enrolling", engagement.Details: "confirmed details"}

// plural is a kind in words, of many.
func plural(kind engagement.Kind) string { return or(plurals[kind], string(kind)+"s") }

func pluralsOf(kinds []engagement.Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = plural(k)
	}
	return strings.Join(words, ", ")
}
