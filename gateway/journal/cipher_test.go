package journal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// testKey is the n-th key.
func testKey(t testing.TB, n byte) *Key {
	t.Helper()
	key, err := NewKey(bytes.Repeat([]byte{n}, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKeyHasOneLength(t *testing.T) {
	for _, n := range []int{0, 16, KeySize - 1, KeySize + 1} {
		if _, err := NewKey(make([]byte, n)); err == nil {
			t.Errorf("NewKey took %d bytes", n)
		}
	}
}

// on finds the files under dir in which any of the texts can be read.
func on(t *testing.T, dir string, texts ...string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		for _, text := range texts {
			if strings.Contains(string(readFile(t, path)), text) {
				found = append(found, filepath.Base(path)+" shows "+text)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// secrets are what of the tap of a session must not be seen on a card that was pulled.
func secrets(session string) []string {
	r := tap(session)
	return []string{session, string(r.Tap.Digest[:]), r.Tap.Point}
}

// Whoever pulls the card of an encrypted journal sees no digest, no session, no record, in whatever file. In a plain one he
// does, or this test would show nothing.
func TestNothingCanBeReadWithoutTheKey(t *testing.T) {
	for _, key := range []*Key{nil, testKey(t, 1)} {
		o := options(t)
		o.Key = key
		j := openJournal(t, o)
		for range 30 { // several segments, some of them recycled
			id := appendTaps(t, j, "a session's name")
			if err := errors.Join(j.Acknowledge(id.Seq), j.log.PruneBefore(id.Seq)); err != nil {
				t.Fatal(err)
			}
		}
		closeJournal(t, j)
		if found := on(t, o.Dir, secrets("a session's name")...); (len(found) > 0) != (key == nil) {
			t.Errorf("with key %v: %v", key != nil, found)
		}
	}
}

// A plain journal that is given a key stays readable; what is written from then on is encrypted, and once the old segments
// have been pruned nothing of them is left in any file, spares included.
func TestPlainJournalIsEncryptedFromNowOn(t *testing.T) {
	o := options(t)
	j := openJournal(t, o)
	for range 20 {
		appendTaps(t, j, "written plain")
	}
	if err := j.log.PruneBefore(8); err != nil { // leaves a spare that shows what it held
		t.Fatal(err)
	}
	stream := j.Stream()
	closeJournal(t, j)
	o.Key = testKey(t, 1)
	j = openJournal(t, o)
	if j.Stream() != stream || j.Durable() != 20 {
		t.Fatalf("stream %s, Durable %d with a key, want %s, 20", j.Stream(), j.Durable(), stream)
	}
	appendTaps(t, j, "written encrypted")
	if got := sessions(t, j, 20); got[0] != "written plain" || got[1] != "written encrypted" {
		t.Errorf("sessions = %q", got)
	}
	if err := errors.Join(j.Acknowledge(21), j.log.PruneBefore(21)); err != nil {
		t.Fatal(err)
	}
	closeJournal(t, j)
	if found := on(t, o.Dir, "written plain", "written encrypted"); len(found) > 0 {
		t.Errorf("still to be read: %v", found)
	}
	j = openJournal(t, o)
	defer closeJournal(t, j)
	if got := sessions(t, j, 21); len(got) != 1 || got[0] != "written encrypted" {
		t.Errorf("sessions after a restart = %q", got)
	}
}

// Without its key a journal is neither damaged nor empty: it is refused, says what to do, and stays as it is.
func TestWrongKeyIsRefusedAndNotDamage(t *testing.T) {
	o := options(t)
	o.Key = testKey(t, 1)
	j := openJournal(t, o)
	appendTaps(t, j, "a", "b")
	closeJournal(t, j)
	before := readFile(t, filepath.Join(o.Dir, "live", segmentName(1)))
	for name, key := range map[string]*Key{"none": nil, "another": testKey(t, 2)} {
		o.Key = key
		_, err := Open(o)
		checkIs(t, err, ErrKey)
		if errors.Is(err, ErrDamaged) || err == nil || !strings.Contains(err.Error(), "key file") {
			t.Errorf("%s: %v, want a refusal that speaks of the key file and not of damage", name, err)
		}
		if aside := glob(t, o.Dir, "quarantine-*"); len(aside) > 0 {
			t.Errorf("%s: set aside: %v", name, aside)
		}
		if !bytes.Equal(before, readFile(t, filepath.Join(o.Dir, "live", segmentName(1)))) {
			t.Errorf("%s: the segment changed", name)
		}
	}
	o.Key = testKey(t, 1)
	j = openJournal(t, o)
	defer closeJournal(t, j)
	if j.Durable() != 2 {
		t.Errorf("Durable = %d with the right key, want 2", j.Durable())
	}
}

// Two encrypted records that change places, checksums and all, are found out: each is bound to its number.
func TestEncryptedRecordsKeepTheirPlaces(t *testing.T) {
	key := testKey(t, 1)
	for _, swap := range []bool{false, true} {
		o := lazy(t)
		o.Key = key
		closeLog(t, openLog(t, o))
		name := filepath.Join(o.Dir, segmentName(1))
		b := readFile(t, name)
		s, err := decodeHeader(b, key)
		if err != nil {
			t.Fatal(err)
		}
		first, second := key.seal(nil, []byte("one"), recordItem, 1), key.seal(nil, []byte("two"), recordItem, 2)
		if swap {
			first, second = second, first
		}
		var forged batch // adds what is encrypted already
		forged.reset(1)
		forged.addRecord(first)
		forged.addRecord(second)
		copy(b[block:], forged.seal(s.nonce, block))
		writeFile(t, name, b)
		l, err := OpenLog(o)
		if swap {
			checkIs(t, err, ErrDamaged)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, err := l.Read(2); err != nil || string(got) != "two" {
			t.Errorf("Read(2) = %q, %v", got, err)
		}
		closeLog(t, l)
	}
}
