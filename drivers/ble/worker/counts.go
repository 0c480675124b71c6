package worker

import (
	"bytes"
	"log"
	"sync/atomic"
)

// counts are what a worker has seen since it started.
type counts struct {
	heard, empty, dropped, malformed atomic.Uint64
}

// Write takes what go-ble prints to the standard logger: one line for each packet it does not understand, with the
// packet in it. Lines are counted; their text may hold somebody's address and goes nowhere.
func (c *counts) Write(p []byte) (int, error) {
	c.malformed.Add(uint64(bytes.Count(p, []byte{'\n'})))
	return len(p), nil
}

func silence(c *counts) {
	log.SetFlags(0)
	log.SetOutput(c)
}
