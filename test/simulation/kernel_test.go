package simulation

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// How far a clock strays from the truth, in parts per million: a crystal that nobody steered yet, and one that was steered until its
// source went away and whose cupboard warms and cools since. A steered one is right.
const (
	cold   = 400
	strays = 40
)

// kernel is what one machine knows of time. It implements clock.Kernel. Between two changes its clocks run at one rate.
type kernel struct {
	mu     sync.Mutex // guards everything that follows
	boot   contract.Boot
	at     time.Time     // of the last change, by the true clock
	uptime time.Duration // then
	wall   time.Time     // then
	ppm    int64         // how much faster than the truth both run
	synced bool
}

func newKernel(random *rand.Rand) *kernel {
	k := &kernel{}
	k.reboot(random)
	return k
}

// reboot begins a new boot. The clock is right from the start: the board has one that runs on a battery.
func (k *kernel) reboot(random *rand.Rand) {
	k.mu.Lock()
	defer k.mu.Unlock()
	binary.BigEndian.PutUint64(k.boot[:], random.Uint64())
	k.setLocked(0, 0, true)
	k.uptime = 0
}

// freeze makes it a boot of a board without a battery, which nobody has told the time: its clock begins in 1970.
func (k *kernel) freeze(random *rand.Rand) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.setLocked(0, random.Int64N(2*cold)-cold, false)
	k.wall = time.Unix(0, 0).UTC().Add(k.uptime)
}

// lose sets the clock and takes its source away. One that had none keeps its rate: no crystal jumps.
func (k *kernel) lose(by time.Duration, random *rand.Rand) {
	k.mu.Lock()
	defer k.mu.Unlock()
	ppm := random.Int64N(2*strays) - strays
	if !k.synced {
		ppm = k.ppm
	}
	k.setLocked(by, ppm, false)
}

// regain gives the source back: the clock is right.
func (k *kernel) regain() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.setLocked(0, 0, true)
}

func (k *kernel) setLocked(wrong time.Duration, ppm int64, synced bool) {
	now := time.Now().Round(0)
	k.uptime += k.ranLocked(now) // of the very first, reboot makes nothing
	k.at, k.wall, k.ppm, k.synced = now, now.Add(wrong), ppm, synced
}

func (k *kernel) ranLocked(now time.Time) time.Duration {
	d := now.Sub(k.at)
	return d + d/1_000_000*time.Duration(k.ppm)
}

// Boot is which boot it is.
func (k *kernel) Boot() contract.Boot {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.boot
}

// Wall implements clock.Kernel.
func (k *kernel) Wall() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.wall.Add(k.ranLocked(time.Now().Round(0)))
}

// Ago implements clock.Kernel for moments of the true clock: no other can carry Go's monotonic reading here.
func (k *kernel) Ago(at time.Time) time.Duration { return time.Since(at) }

// Uptime implements clock.Kernel.
func (k *kernel) Uptime() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.uptime + k.ranLocked(time.Now().Round(0))
}

// Discipline implements clock.Kernel.
func (k *kernel) Discipline() (synchronised bool, within time.Duration, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.synced, 20 * time.Millisecond, nil
}
