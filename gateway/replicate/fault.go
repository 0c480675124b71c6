package replicate

import "sync"

// fault latches the first storage error. Raft itself would step down and limp on, and Badger would acknowledge what it
// later loses, so after it nothing is written any more and the process is expected to end.
type fault struct {
	failed chan error // holds one

	mu  sync.Mutex // guards everything that follows
	err error
}

func newFault() *fault { return &fault{failed: make(chan error, 1)} }

// report latches err if it is the first and returns what is latched.
func (f *fault) report(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil && err != nil {
		f.err = err
		f.failed <- err
	}
	return f.err
}

// latched is the first storage error, or nil.
func (f *fault) latched() error { return f.report(nil) }
