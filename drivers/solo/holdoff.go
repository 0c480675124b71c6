package solo

import "time"

// recentRoom bounds the cards that are remembered: more than anybody holds to a reader at once.
const recentRoom = 8

// holdOff makes one tap of a card that a reader reports again and again while it stays in the field.
type holdOff struct {
	within time.Duration
	recent []seen // the one seen last at the end
}

type seen struct {
	key string
	at  time.Time
}

// repeats reports whether key was seen within the hold-off; each repetition starts the time anew.
func (h *holdOff) repeats(key string, at time.Time) bool {
	again := false
	kept := h.recent[:0]
	for _, s := range h.recent {
		switch {
		case at.Sub(s.at) >= h.within:
		case s.key == key:
			again = true
		default:
			kept = append(kept, s)
		}
	}
	if len(kept) == recentRoom {
		kept = append(kept[:0], kept[1:]...)
	}
	h.recent = append(kept, seen{key, at})
	return again
}

// skip lets a time not count in which nobody looked whether the cards are still there.
func (h *holdOff) skip(d time.Duration) {
	for i := range h.recent {
		h.recent[i].at = h.recent[i].at.Add(d)
	}
}
