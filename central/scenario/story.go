package scenario

import (
	"fmt"
	"io"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// story tells what happens, line by line; without a writer it tells nothing.
type story struct{ w io.Writer }

func (s story) tell(at time.Time, format string, args ...any) {
	if s.w != nil {
		fmt.Fprintf(s.w, "  %s  %s\n", shownTime(at), fmt.Sprintf(format, args...))
	}
}

// shownTime is an instant as people in London read it, with seconds only where there are any.
func shownTime(t time.Time) string {
	t = t.In(calendar.London)
	switch {
	case t.Nanosecond() != 0:
		return t.Format("Mon 2 Jan 2006 15:04:05.000")
	case t.Second() != 0:
		return t.Format("Mon 2 Jan 2006 15:04:05")
	}
	return t.Format("Mon 2 Jan 2006 15:04")
}
