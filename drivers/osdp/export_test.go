package osdp

import "time"

// Machine is the state of one reader with a key, without a line: tests outside speak for the reader.
type Machine struct {
	d   *device
	now time.Time
}

// NewMachine begins with a reader that was never heard.
func NewMachine(r Reader, k Key) *Machine {
	m := &Machine{d: newDevice(withColours([]Reader{r})[0], start), now: start}
	m.d.unlock(Secret{Adopted: k}, nil)
	return m
}

// Next gives the octets that go out next, at a time when there are any.
func (m *Machine) Next() []byte {
	at, ok := m.d.due(m.now)
	if !ok {
		at = m.d.probeAt
	}
	m.now = later(m.now, at)
	return m.d.next(m.now)
}

// Hear takes what came back. It returns the card that was read, and whether any card was, with a number or without.
func (m *Machine) Hear(octets []byte) (key string, tap bool) {
	m.now = m.now.Add(3 * time.Millisecond)
	f, err := decode(octets)
	if err != nil || !f.reply || !m.d.answers(f) {
		m.now = m.now.Add(replyWithin)
		m.d.onTimeout(err != nil, m.now)
		return "", false
	}
	a := m.d.onReply(f, m.now)
	return a.key, a.key != "" || a.refused != nil || a.repeated
}

// Secure reports whether the reader is up under its key.
func (m *Machine) Secure() bool { return m.d.status().Secure && m.d.status().Up }
