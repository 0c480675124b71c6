package sheet

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// text returns the octets of a CSV file as UTF-8 without its byte order mark. Other encodings are refused by name:
// guessing would put wrong letters into names.
func text(b []byte) (string, *Fault) {
	const advice = "save it as “CSV UTF-8”"
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}), looksUTF16(b, 1):
		return "", &Fault{Problem: "the file is UTF-16 (little endian), want UTF-8", Advice: advice}
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}), looksUTF16(b, 0):
		return "", &Fault{Problem: "the file is UTF-16 (big endian), want UTF-8", Advice: advice}
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if utf8.Valid(b) {
		return string(b), nil
	}
	at := invalidUTF8(b)
	return "", &Fault{
		Line:    1 + bytes.Count(b[:at], []byte("\n")),
		Problem: fmt.Sprintf("octet 0x%02X is not UTF-8; the file is probably Latin-1 or Windows-1252", b[at]),
		Advice:  advice,
	}
}

// looksUTF16 notices UTF-16 without a byte order mark: in Latin text every second octet is zero.
func looksUTF16(b []byte, zeroAt int) bool {
	const sample = 64
	if len(b) < 4 {
		return false
	}
	b = b[:min(len(b), sample)/2*2]
	zeros := 0
	for i := zeroAt; i < len(b); i += 2 {
		if b[i] == 0 && b[i^1] != 0 {
			zeros++
		}
	}
	return zeros*4 > len(b) // more than half of the pairs
}

func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

var delimiterNames = map[rune]string{';': "semicolons", '\t': "tabs"}

// delimiter is the one that makes the most known columns of the first line.
func delimiter(content string, columns []Column) rune {
	first, _, _ := strings.Cut(content, "\n")
	best, most := ',', 0
	for _, d := range []rune{',', ';', '\t'} {
		known := 0
		for _, name := range strings.Split(first, string(d)) {
			if indexOf(columns, strings.Trim(name, "\"\r \t")) >= 0 {
				known++
			}
		}
		if known > most {
			best, most = d, known
		}
	}
	return best
}
