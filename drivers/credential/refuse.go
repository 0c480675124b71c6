package credential

import "errors"

// Reasons to refuse what a reader reported.
var (
	ErrParity = errors.New("wiegand parity is wrong: check the data wires of the reader")
	ErrLength = errors.New("no card format has this length: check the output format of the reader")
	ErrBlank  = errors.New("the number is all zeros or all ones: the card is blank or a data wire is broken")
	ErrRandom = errors.New("the card shows a random UID: set the reader to send the access number of the card")
)

// Reason is the word for err in metrics: parity, length, blank, random or other.
func Reason(err error) string {
	switch {
	case errors.Is(err, ErrParity):
		return "parity"
	case errors.Is(err, ErrLength):
		return "length"
	case errors.Is(err, ErrBlank):
		return "blank"
	case errors.Is(err, ErrRandom):
		return "random"
	}
	return "other"
}
