package twn4

import (
	"bytes"
	"errors"

	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/polled"
)

// Look implements polled.Dialect. A card that was not there at the look before is asked for once more: by the search
// for several type A cards, which tells whether it is alone, and where lines carry no CRC, so that no flipped bit makes
// another card of it.
func (r *reader) Look(l *polled.Line) (polled.Sight, error) {
	reply, f, seen, err := r.search(l)
	if err != nil {
		return polled.Sight{}, err
	}
	sight := polled.Sight{At: l.At()}
	if !seen {
		r.settled = nil
		return sight, nil
	}
	if !bytes.Equal(reply, r.settled) {
		cards, err := r.again(l, f)
		if err != nil || cards != 1 {
			sight.Cards = cards
			return sight, err
		}
		r.settled = reply
	}
	sight.Cards = 1
	sight.Key, sight.Err = f.key(r.options.Order)
	if errors.Is(sight.Err, errTag) {
		sight.Foreign = "tag"
	}
	return sight, nil
}

func (r *reader) search(l *polled.Line) (reply []byte, f found, seen bool, err error) {
	reply, err = r.ask(l, command(searchTag, mostID), searchWithin)
	if err == nil {
		f, seen, err = tag(reply)
	}
	return reply, f, seen, l.Over(err)
}

// again looks a second time at what the search found: 1 when it is there and alone, 2 when there are more, 0 when the
// two looks differ.
func (r *reader) again(l *polled.Line, f found) (cards int, err error) {
	if f.tag == MIFARE && !r.single {
		uids, err := r.uids(l)
		switch {
		case lacks(err):
			r.single = true
		case err != nil:
			return 0, err
		case len(uids) > 1:
			return 2, nil
		case len(uids) == 1 && r.same(f, found{tag: MIFARE, id: uids[0]}):
			return 1, nil
		}
	}
	if r.options.CRC {
		return 1, nil
	}
	_, second, seen, err := r.search(l)
	if err != nil || !seen || !r.same(f, second) {
		return 0, err
	}
	return 1, nil
}

// same reports whether two looks saw the same card. A random UID is another at each look, and nobody's each time.
func (r *reader) same(one, other found) bool {
	key, err := one.key(r.options.Order)
	otherKey, otherErr := other.key(r.options.Order)
	return one.tag == other.tag && key == otherKey && credential.Reason(err) == credential.Reason(otherErr)
}

func (r *reader) uids(l *polled.Line) (uids [][]byte, err error) {
	reply, err := r.ask(l, command(searchMultiTag, mostList), searchWithin)
	if err == nil {
		uids, err = list(reply)
	}
	return uids, l.Over(err)
}
