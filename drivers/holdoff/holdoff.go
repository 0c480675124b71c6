// Package holdoff makes one tap of a card that a reader reports again and again while it stays in the field. What a key
// means is the driver's business.
package holdoff

import "time"

// recentRoom bounds the cards that are remembered: more than anybody holds to a reader at once.
const recentRoom = 8

// Default is for readers that say nothing of the card going away.
const Default = 2 * time.Second

// Memory is of one reader. It belongs to one goroutine.
type Memory struct {
	within time.Duration
	recent []seen // the one seen last at the end
}

type seen struct {
	key string
	at  time.Time
}

// New makes a Memory in which a card that was not seen for within is a new tap.
func New(within time.Duration) *Memory { return &Memory{within: within} }

// Repeats reports whether key was seen within the hold-off; each repetition starts the time anew.
func (m *Memory) Repeats(key string, at time.Time) bool {
	again := false
	kept := m.recent[:0]
	for _, s := range m.recent {
		switch {
		case at.Sub(s.at) >= m.within:
		case s.key == key:
			again = true
		default:
			kept = append(kept, s)
		}
	}
	if len(kept) == recentRoom {
		kept = append(kept[:0], kept[1:]...)
	}
	m.recent = append(kept, seen{key, at})
	return again
}

// Skip lets a time not count in which nobody looked whether the cards are still there.
func (m *Memory) Skip(d time.Duration) {
	for i := range m.recent {
		m.recent[i].at = m.recent[i].at.Add(d)
	}
}
