package simulation

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// kernel is what one machine knows of time. It implements clock.Kernel.
type kernel struct {
	boot contract.Boot

	mu       sync.Mutex // guards everything that follows
	bootedAt time.Time
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
	k.bootedAt = time.Now()
}

// Wall implements clock.Kernel.
func (k *kernel) Wall() time.Time { return time.Now() }

// Ago implements clock.Kernel.
func (k *kernel) Ago(at time.Time) time.Duration { return time.Since(at) }

// Uptime implements clock.Kernel.
func (k *kernel) Uptime() time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Since(k.bootedAt)
}

// Discipline implements clock.Kernel.
func (k *kernel) Discipline() (synchronised bool, within time.Duration, err error) {
	return true, 20 * time.Millisecond, nil
}
