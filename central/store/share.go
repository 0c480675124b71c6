package store

import (
	"github.com/rollcall-edge/rollcall/central/judge"
)

// encodeShares writes shares as an array of arrays.
func encodeShares(shares []judge.Share) string {
	if len(shares) == 0 {
		return "[]"
	}
	b := make([]byte, 0, 24*len(shares))
	for i, s := range shares {
		b = append(b, "[,"[min(i, 1)], '[')
		b = appendNumber(appendNumber(appendText(b, s.Of), s.Attended), s.Counted)
		b[len(b)-1] = ']'
	}
	return string(append(b, ']'))
}

// decodeShares reads what encodeShares wrote.
func decodeShares(text string, each func(judge.Share)) error {
	s := &jsonScanner{rest: text}
	s.skip('[')
	for s.err == nil && !s.at(']') {
		s.skip('[')
		share := judge.Share{Of: s.text(), Attended: s.number(), Counted: s.number()}
		s.skip(']')
		if s.err == nil {
			each(share)
		}
	}
	return s.err
}
