package osdp

import (
	"crypto/aes"
	"math/rand/v2"
	"time"
)

// unlock is what a frame asks for once its protection, or its lack of any, has been judged. reason is that of a NAK,
// or 0; after it no session is left.
func (p *PD) unlock(now time.Time, f *Frame) (reason byte) {
	if f.Secure && !p.capable() {
		return nakSecurity
	}
	switch {
	case !f.Secure:
		reason = p.unlockPlain(f.Code)
	case f.Block.Type == blockChallenge && f.Code == cmdChallenge, f.Block.Type == blockProof && f.Code == cmdProof:
		if p.Secure() {
			p.endSession(now) // nobody has signed this
		}
		return 0
	case f.Block.Type == blockCommand, f.Block.Type == blockCommandEnc:
		reason = p.unlockSigned(f)
	default:
		return nakSecurity
	}
	if reason != 0 {
		p.endSession(now)
	}
	return reason
}

// unlockPlain lets a command without protection pass outside a session, unless the reader insists on one.
func (p *PD) unlockPlain(code byte) (reason byte) {
	introduces := code == cmdID || code == cmdCap || code == cmdComSet
	if p.Secure() || p.options.RequireSecure && !introduces {
		return nakNeedsKey
	}
	return 0
}

func (p *PD) unlockSigned(f *Frame) (reason byte) {
	if !p.Secure() {
		return nakNeedsKey
	}
	if !p.session.take(f) {
		p.counts.WrongMACs++
		return nakNeedsKey
	}
	return 0
}

// capable reports whether the reader knows any key at all.
func (p *PD) capable() bool { return p.key != nil || p.install }

// challenge answers CHLNG: a new session begins, and this reader proves first that it knows the key.
func (p *PD) challenge(now time.Time, f Frame) reply {
	p.endSession(now)
	key, ok := p.keyFor(f.Block.Data)
	if !ok {
		return nak(nakNeedsKey) // as recorded of an OSM-1000 that has no key yet (libosdp issue 39)
	}
	a, b := [challengeSize]byte(f.Data), p.random()
	p.session = newSession(key, a, b)
	p.session.key = f.Block.Data[0]

	uid := p.options.Identity.encode()[:8]
	data := append(append(uid[:8:8], b[:]...), p.session.device[:]...)
	return reply{code: replyCryptogram, data: data, block: Block{blockCryptogram, clone(f.Block.Data)}}
}

// keyFor is the key a block of a handshake names, if this reader has it.
func (p *PD) keyFor(block []byte) ([aes.BlockSize]byte, bool) {
	switch {
	case len(block) != 1:
	case block[0] == keyOwn && p.key != nil:
		return *p.key, true
	case block[0] == keyDefault && p.install:
		return defaultKey, true
	}
	return [aes.BlockSize]byte{}, false
}

// proof answers SCRYPT: the panel proves that it knows the key too, or nothing comes of the session.
func (p *PD) proof(now time.Time, f Frame) reply {
	s := p.session
	if s == nil || s.open || len(f.Block.Data) != 1 || f.Block.Data[0] != s.key {
		p.endSession(now)
		return nak(nakNeedsKey)
	}
	if !s.believes(f.Data) {
		p.session = nil
		p.counts.WrongCryptograms++
		return reply{code: replyInitialMAC, block: Block{blockAccepted, []byte{rejected}}}
	}
	s.open = true
	p.counts.Sessions++
	p.tell(Event{At: now, Kind: Secured})
	return reply{code: replyInitialMAC, data: clone(s.chain[:]), block: Block{blockAccepted, []byte{accepted}}}
}

// keySet takes a new key of its own, for the next session. It must come enciphered. Installation is over then.
func (p *PD) keySet(now time.Time, f Frame) (reason byte) {
	const own, size = 1, aes.BlockSize
	if !f.Secure || f.Block.Type != blockCommandEnc {
		return nakNeedsKey
	}
	if f.Data[0] != own || f.Data[1] != size {
		return nakRecord
	}
	key := [aes.BlockSize]byte(f.Data[2:])
	p.key, p.install = &key, false
	p.tell(Event{At: now, Kind: Keyed})
	return 0
}

// endSession forgets the session, if there is one.
func (p *PD) endSession(at time.Time) {
	if p.Secure() {
		p.tell(Event{At: at, Kind: Unsecured})
	}
	p.session = nil
}

// Secure reports whether a session is open: all that is said from now on is signed.
func (p *PD) Secure() bool { return p.session != nil && p.session.open }

// Default reports whether the open session uses the key everybody knows.
func (p *PD) Default() bool { return p.Secure() && p.session.key == keyDefault }

// Key is the reader's own key; ok is false when it has none.
func (p *PD) Key() (key [16]byte, ok bool) {
	if p.key == nil {
		return key, false
	}
	return *p.key, true
}

// Installing reports whether the reader would still open a session with the key everybody knows.
func (p *PD) Installing() bool { return p.install }

// SetKey replaces the reader's own key behind the panel's back, or takes it away, and says whether it is in
// installation mode. An open session ends.
func (p *PD) SetKey(now time.Time, key *[16]byte, install bool) {
	p.endSession(now)
	p.key, p.install = copyKey(key), install
}

func copyKey(key *[16]byte) *[16]byte {
	if key == nil {
		return nil
	}
	k := *key
	return &k
}

// dice gives the random numbers of a reader's sessions, the same in every run with the same seed.
func dice(seed uint64, address byte) func() [challengeSize]byte {
	r := rand.New(rand.NewPCG(seed, uint64(address))) //nolint:gosec // a run must be repeatable
	return func() [challengeSize]byte {
		var b [challengeSize]byte
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
}
