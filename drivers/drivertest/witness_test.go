package drivertest

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// witness is a testing.TB that keeps what a check says and does not fail.
type witness struct {
	testing.TB

	mu   sync.Mutex // guards everything that follows
	said []string
}

// watch runs a check and returns what it said; nothing when it passed.
func watch(t testing.TB, hold func(testing.TB, Rig), r Rig) string {
	w := &witness{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		hold(w, r)
	}()
	<-done
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.said, "\n")
}

func (w *witness) Error(args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, fmt.Sprint(args...))
}

func (w *witness) Errorf(format string, args ...any) { w.Error(fmt.Sprintf(format, args...)) }

func (w *witness) Fatal(args ...any) {
	w.Error(args...)
	runtime.Goexit()
}

func (w *witness) Fatalf(format string, args ...any) { w.Fatal(fmt.Sprintf(format, args...)) }
