package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Cost of argon2id: the OWASP password storage cheat sheet's second choice, 19 MiB, two passes, one lane (some 20 ms on a small machine).
const (
	argonTime    = 2
	argonMemory  = 19 * 1024 // KiB
	argonThreads = 1
	argonKey     = 32
	argonSalt    = 16
)

// Bounds of a password, in characters. Length is what counts (NIST SP 800-63B); no mixture of signs is demanded.
const (
	minPassword = 12
	maxPassword = 128
)

// hashPassword makes a PHC string with a fresh salt.
func hashPassword(password string) string {
	salt := make([]byte, argonSalt)
	rand.Read(salt) // never fails: crypto/rand ends the process instead
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// matches reports whether password made the PHC string. A string this program did not write matches nothing.
func matches(phc, password string) bool {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	var version int
	var memory, passes uint32
	var lanes uint8
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil || passes == 0 || lanes == 0 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) == 0 || memory > 1<<20 {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}

// checkNew tells what is wrong with a password somebody chose.
func checkNew(login, password string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < minPassword:
		return fmt.Errorf("%w: a password has at least %d characters; a few words in a row are easy to keep", ErrInput, minPassword)
	case n > maxPassword:
		return fmt.Errorf("%w: a password has at most %d characters", ErrInput, maxPassword)
	case strings.Contains(strings.ToLower(password), strings.ToLower(login)):
		return fmt.Errorf("%w: the password must not contain the login", ErrInput)
	}
	return nil
}

// compute runs f while few others compute, or gives up when ctx ends.
func (d *Desk) compute(ctx context.Context, f func()) error {
	select {
	case d.hashing <- struct{}{}:
		defer func() { <-d.hashing }()
		f()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hash is hashPassword at most a few at a time.
func (d *Desk) hash(ctx context.Context, password string) (phc string, err error) {
	err = d.compute(ctx, func() { phc = hashPassword(password) })
	return phc, err
}

// drawPassword makes a one-time password of 100 random bits, in groups that can be read aloud.
func drawPassword() string {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789" // without i, l, o, 0, 1
	var b strings.Builder
	for i := range 20 {
		if i > 0 && i%5 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(letters[draw(len(letters))])
	}
	return b.String()
}

// draw is a uniform number below n ≤ 256.
func draw(n int) int {
	var b [1]byte
	for {
		rand.Read(b[:])
		if v := int(b[0]); v < 256-256%n {
			return v % n
		}
	}
}
