package ble

import "sync"

// change tells any number of listeners that something is new. Telling nobody costs a lock and no memory.
type change struct {
	mu sync.Mutex
	ch chan struct{}
}

// next is closed by the next tell.
func (c *change) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch == nil {
		c.ch = make(chan struct{})
	}
	return c.ch
}

func (c *change) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ch != nil {
		close(c.ch)
		c.ch = nil
	}
}
