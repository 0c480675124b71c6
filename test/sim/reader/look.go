package reader

import (
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
)

// Online reports whether a panel has spoken to the reader within the last eight seconds.
func (d *OSDP) Online() bool {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	return d.pd.Online(time.Now())
}

// Secure reports whether a secure channel is open; usesDefault, that it was opened with the key everybody knows.
func (d *OSDP) Secure() (open, usesDefault bool) {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	open = d.pd.Secure() && d.pd.Online(time.Now())
	return open, open && d.pd.Default()
}

// Key is the reader's own key; ok is false when it has none.
func (d *OSDP) Key() (key [16]byte, ok bool) {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	return d.pd.Key()
}

// Installing reports whether the reader is in installation mode.
func (d *OSDP) Installing() bool {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	return d.pd.Installing()
}

// Where is the address and the speed at which the reader answers now.
func (d *OSDP) Where() (address byte, baud int) {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	return d.pd.Address(), d.pd.Baud()
}

// Protocol are the totals of the protocol so far.
func (d *OSDP) Protocol() osdp.Counts {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	return d.pd.Counts()
}

// Output reports whether output n is on now.
func (d *OSDP) Output(n int) bool {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	return d.pd.Output(time.Now(), n)
}

// Text is what the display shows.
func (d *OSDP) Text() string {
	d.line.mu.Lock()
	defer d.line.mu.Unlock()
	return d.pd.Text()
}
