package osdp

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp/acu"
)

func TestKeySet(t *testing.T) {
	keySet := append([]byte{1, 16}, ownKey[:]...)
	t.Run("ends installation and survives a power failure", func(t *testing.T) {
		c := open(t, Options{Install: true}, acu.Default, defaultKey)
		c.pd.Events()
		if code, _ := c.tell(cmdKeySet, keySet...); code != replyAck {
			t.Fatalf("KEYSET = %02X, want ACK", code)
		}
		if code, _ := c.tell(cmdPoll); code != replyAck {
			t.Errorf("POLL in the old session = %02X, want ACK", code)
		}
		if diff := cmp.Diff(timeless(c.pd.Events()), []Event{{Kind: Keyed}}); diff != "" {
			t.Errorf("events (-got +want):\n%s", diff)
		}
		c.pd.PowerCycle(c.now)
		if key, ok := c.pd.Key(); !ok || key != ownKey || c.pd.Installing() {
			t.Errorf("key %X %v, installing %v, want the new one, false", key, ok, c.pd.Installing())
		}
		c.do(0, cmdID, 0)
		c.Sequence = 0
		refused(t, c.send(c.Challenge(acu.Default)), nakNeedsKey)
		c.handshake(acu.Own, ownKey)
	})
	t.Run("a reader that ends its session", func(t *testing.T) {
		c := open(t, Options{Install: true, EndsOnKeySet: true}, acu.Default, defaultKey)
		if code, _ := c.tell(cmdKeySet, keySet...); code != replyAck {
			t.Fatalf("KEYSET = %02X, want ACK", code)
		}
		refused(t, c.send(c.Seal(cmdPoll)), nakNeedsKey)
		c.handshake(acu.Own, ownKey)
	})
	t.Run("refusals leave the key", func(t *testing.T) {
		other := append([]byte{1, 16}, make([]byte, 16)...)
		c := open(t, Options{Key: &ownKey}, acu.Own, ownKey)
		c.Sequence = c.Sequence%3 + 1
		inTheClear := acu.Frame{Sequence: c.Sequence, Block: []byte{0x15}, Code: cmdKeySet, Data: other}
		if code, data, err := c.Open(c.send(c.Sign(inTheClear))); err != nil || code != replyNak || data[0] != nakNeedsKey {
			t.Errorf("KEYSET signed but not enciphered = %02X % X, %v, want NAK 6", code, data, err)
		}
		for _, kind := range [][2]byte{{0, 16}, {1, 32}} {
			other[0], other[1] = kind[0], kind[1]
			if code, data := c.tell(cmdKeySet, other...); code != replyNak || data[0] != nakRecord {
				t.Errorf("KEYSET %X = %02X % X, want NAK 9", kind, code, data)
			}
		}
		if key, _ := c.pd.Key(); key != ownKey {
			t.Errorf("key = %X, want the old one", key)
		}
	})
}
