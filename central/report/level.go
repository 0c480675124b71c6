package report

// Level is how far a student's standing has fallen; the numbers are those of the judgement.
type Level int

// The levels.
const (
	Good          Level = 0
	FirstWarning  Level = 1
	SecondWarning Level = 2
	FinalWarning  Level = 3
	ReportToUKVI  Level = 4
)

// Levels lists them from good to worst.
var Levels = []Level{Good, FirstWarning, SecondWarning, FinalWarning, ReportToUKVI}

// String is the level in words.
func (l Level) String() string {
	switch l {
	case Good:
		return "Good standing"
	case FirstWarning:
		return "First warning"
	case SecondWarning:
		return "Second warning"
	case FinalWarning:
		return "Final warning"
	case ReportToUKVI:
		return "Report to UKVI"
	}
	return "Unknown level"
}

// Code is a mark (RULES G-2).
type Code string

// Unjudged stands where no mark has been derived yet.
const Unjudged Code = ""

// Codes lists the marks in the order of a register's totals.
var Codes = []Code{"P", "L", "A", "E", "R", "N", "X", "U"}

// AmendCodes are those that staff may set.
var AmendCodes = []Code{"P", "L", "A", "E", "R", "N"}

var codeWords = map[Code]string{
	"P": "Present", "L": "Late", "A": "Absent", "E": "Authorised", "R": "Remote", "N": "Not required", "X": "Cancelled",
	"U": "Not known yet", Unjudged: "Not judged yet",
}

// String is the mark in a word or two.
func (c Code) String() string {
	if w, ok := codeWords[c]; ok {
		return w
	}
	return string(c)
}
