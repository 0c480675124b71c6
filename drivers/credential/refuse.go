package credential

import "errors"

// Reasons to refuse what a reader reported.
var (
	ErrParity = errors.New("wiegand parity is wrong: check the data wires of the reader")
	ErrLength = errors.New("no card format has this length: check the output format of the reader")
	ErrBlank  = errors.New("the number is all zeros or all ones: the card is blank or a data wire is broken")
	ErrRandom = errors.New("the card shows a random UID: set the reader to send the access number of the card")
	ErrRange  = errors.New("facility or card has no room in the format: check how many bits the cards have")

	ErrText       = errors.New("the code holds other than printable ASCII: show the code of the student card")
	ErrCodeLength = errors.New("a code has 8 to 256 characters: show the code of the student card")
)

// Reason is the word for err in metrics: parity, length, blank, random, range, text or other.
func Reason(err error) string {
	switch {
	case errors.Is(err, ErrParity):
		return "parity"
	case errors.Is(err, ErrLength), errors.Is(err, ErrCodeLength):
		return "length"
	case errors.Is(err, ErrBlank):
		return "blank"
	case errors.Is(err, ErrRandom):
		return "random"
	case errors.Is(err, ErrRange):
		return "range"
	case errors.Is(err, ErrText):
		return "text"
	}
	return "other"
}
