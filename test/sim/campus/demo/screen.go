package demo

import (
	"fmt"
	"io"
	"sync"
)

// screen writes lines, and on a terminal one line that is rewritten in place.
type screen struct {
	out     io.Writer
	columns int // of the terminal; 0 when out is none

	mu   sync.Mutex // guards everything that follows
	open bool       // a line stands that will be rewritten
}

const clearLine = "\r\x1b[K"

// say writes a line that stays.
func (s *screen) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		fmt.Fprint(s.out, clearLine)
		s.open = false
	}
	fmt.Fprintf(s.out, format+"\n", args...)
}

// show writes the present state: in place on a terminal, as a line elsewhere.
func (s *screen) show(text string) {
	if s.columns == 0 {
		s.say("%s", text)
		return
	}
	if len(text) >= s.columns { // a line that wraps cannot be rewritten
		text = text[:s.columns-1]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprint(s.out, clearLine+text)
	s.open = true
}
