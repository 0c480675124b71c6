package timetable

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/rollcall-edge/rollcall/central/sheet"
)

// The canonical keys of credentials, as gateways compute them from what a reader sends. A key that no reader can produce
// would give its holder a red light for ever, so it is refused here.
//
// Facility and card number of Wiegand formats are bounded by their bits: 8+16 (26 bit), 16+16 (34 bit), 16+19 (37 bit,
// HID H10304). A UID has 4, 7 or 10 octets (ISO/IEC 14443-3); EM4100 tags have 5. A code has what a scanner sends as one line.
var (
	wiegandKey = regexp.MustCompile(`^w(26|34|37):([0-9]+):([0-9]+)$`)
	uidKey     = regexp.MustCompile(`^uid:((?:[0-9A-F]{8})|(?:[0-9A-F]{14})|(?:[0-9A-F]{20}))$`)
	emKey      = regexp.MustCompile(`^em:([0-9A-F]{10})$`)
	rawKey     = regexp.MustCompile(`^raw:([0-9]{1,3}):([0-9A-F]+)$`)
	codeKey    = regexp.MustCompile(`^qr:[!-~](?:[ -~]{6,254})[!-~]$`)

	wiegandBits = map[string]struct{ facility, card int }{"26": {8, 16}, "34": {16, 16}, "37": {16, 19}}
)

const (
	keyAdvice  = "write it as w26:123:45678, uid:04A2B3C4D5E680, em:010063E9AE, raw:48:010203040506 or qr:LIB-7F3A-99C1"
	zeroAdvice = "if leading zeros were lost, format the column as text and export it again"
)

// CheckCard says what is wrong with the number of a card as files write it; nil when it has a canonical form.
func CheckCard(text string) error {
	if _, problem, advice := canonicalCard(text); problem != "" {
		return fmt.Errorf("%s; %s", problem, advice)
	}
	return nil
}

// canonicalCard checks a credential key and brings it into the one form that has a digest.
func canonicalCard(text string) (key, problem, advice string) {
	kind, rest, ok := strings.Cut(text, ":")
	if !ok {
		return "", sheet.Shown(text) + " does not say what kind of number it is", keyAdvice
	}
	key = strings.ToLower(kind) + ":" + strings.ToUpper(rest)
	switch strings.ToLower(kind) {
	case "qr":
		return checkCode("qr:" + rest) // upper and lower case are different codes
	case "w26", "w34", "w37":
		return canonicalWiegand(key)
	case "uid":
		return checkHex(key, uidKey, "a UID has 8, 14 or 20 hexadecimal digits")
	case "em":
		return checkHex(key, emKey, "an EM4100 number has 10 hexadecimal digits")
	case "raw":
		return checkRaw(key)
	}
	return "", sheet.Shown(text) + " is of an unknown kind", keyAdvice
}

func canonicalWiegand(key string) (string, string, string) {
	m := wiegandKey.FindStringSubmatch(key)
	if m == nil {
		return "", sheet.Shown(key) + " is not a facility and a card number", "write it as w26:123:45678"
	}
	bits := wiegandBits[m[1]]
	facility, err1 := strconv.ParseUint(m[2], 10, bits.facility)
	card, err2 := strconv.ParseUint(m[3], 10, bits.card)
	if err1 != nil || err2 != nil {
		return "", fmt.Sprintf("%s does not fit into %d and %d bits", sheet.Shown(key), bits.facility, bits.card), "check which format the readers of this site use"
	}
	return fmt.Sprintf("w%s:%d:%d", m[1], facility, card), "", ""
}

func checkHex(key string, form *regexp.Regexp, rule string) (string, string, string) {
	m := form.FindStringSubmatch(key)
	switch {
	case m == nil:
		return "", sheet.Shown(key) + ": " + rule, zeroAdvice
	case strings.Trim(m[1], "0") == "" || strings.Trim(m[1], "F") == "":
		return "", sheet.Shown(key) + " is blank: it identifies nobody", "read the card again"
	case len(m[1]) == 8 && strings.HasPrefix(key, "uid:08"):
		return "", sheet.Shown(key) + " is a random number that the card changes at every tap", "use another number of the card"
	}
	return key, "", ""
}

func checkCode(key string) (string, string, string) {
	if !codeKey.MatchString(key) {
		return "", sheet.Shown(key) + " is not what a scanner sends", "a code has 8 to 256 printable ASCII characters, none of them a space at either end"
	}
	return key, "", ""
}

func checkRaw(key string) (string, string, string) {
	m := rawKey.FindStringSubmatch(key)
	if m == nil {
		return "", sheet.Shown(key) + " is not a number of bits and their hexadecimal digits", "write it as raw:48:010203040506"
	}
	bits, err := strconv.Atoi(m[1])
	if err != nil || bits < 8 || bits > 512 {
		return "", sheet.Shown(key) + ": a credential has 8 to 512 bits", ""
	}
	if want := 2 * ((bits + 7) / 8); len(m[2]) != want {
		return "", fmt.Sprintf("%s: %d bits are %d hexadecimal digits, not %d", sheet.Shown(key), bits, want, len(m[2])), zeroAdvice
	}
	return fmt.Sprintf("raw:%d:%s", bits, m[2]), "", ""
}
