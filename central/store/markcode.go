package store

import "github.com/rollcall-edge/rollcall/central/register"

// codeAt is the code of the mark at a session among the marks of a week, as encodeMarks, or the conversion of an older database, wrote
// them; "" if there is none. Pages that count thousands of marks ask for it: a database would take each week apart for every mark in it.
func codeAt(session, marks string) (register.Code, error) {
	s := &jsonScanner{rest: marks}
	s.skip('[')
	for s.err == nil && !s.at(']') {
		s.skip('[')
		name := s.text()
		s.text()   // term
		s.number() // start
		code := register.Code(s.text())
		if name == session {
			return code, s.err
		}
		s.passMark()
	}
	return "", s.err
}

// passMark steps over what follows the code of a mark: source, reason, stream, number, policy, and when it was judged and known.
func (s *jsonScanner) passMark() {
	s.text()
	s.text()
	s.text()
	s.number()
	s.text()
	s.number()
	s.number()
	s.skip(']')
}
