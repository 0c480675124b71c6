package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

// senderEnv makes the test binary a process that delivers a stream to the database it names and does nothing else.
const senderEnv = "ROLLCALL_TEST_SENDER"

const (
	sentRecords = 400
	sentAtOnce  = 8
)

var evening = nine.Add(9 * time.Hour) // when the stream comes

// sender delivers one stream, batch by batch.
type sender struct {
	door    *door
	records [][]byte
}

func newSender(t testing.TB, d *door) *sender {
	t.Helper()
	d.now = evening
	return &sender{d, batchOf(t, streamA, 1, stream(sentRecords)...).Records}
}

// send delivers the n-th batch and returns how many of its records the receipt says are new.
func (s *sender) send(t testing.TB, n int) int {
	t.Helper()
	from := n * sentAtOnce
	b := contract.Batch{Version: 1, Stream: streamA, First: uint64(from + 1), Records: s.records[from : from+sentAtOnce]}
	for {
		receipt, err := s.door.intake.Ingest(t.Context(), "gw-a", b)
		if errors.Is(err, ingest.ErrBusy) { // as a gateway does
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return receipt.Stored
	}
}

// stream is taps of one card with a heartbeat after each three, so that streams, watermarks and dirt all are contended for.
func stream(n int) []contract.Record {
	records := taps(1, n)
	for i := range records {
		records[i].Tap.Digest = contract.DigestOf([]byte("campus"), "w26:1:1")
		if i%4 == 3 {
			records[i] = beat(nine.Add(time.Duration(i-4)*time.Second), nine.Add(time.Duration(i)*time.Second), "p")
		}
	}
	return records
}

// TestSender is the process, which sends a batch for each line that it reads and answers with how many were new; on its own
// it is no test.
func TestSender(t *testing.T) {
	database := os.Getenv(senderEnv)
	if database == "" {
		t.Skip("this is the other process of TestTwoProcessesTakeInOneStream")
	}
	s := newSender(t, newDoorAt(t, openAt(t, Place{Database: database})))
	fmt.Println("ready")
	told := bufio.NewScanner(os.Stdin)
	for n := 0; told.Scan(); n++ {
		fmt.Println("new", s.send(t, n))
	}
}

// Two centrals behind one name, or a gateway that gave up waiting and sent again: whoever brings it, each record is stored
// once, is receipted as new once, and no watermark goes back.
func TestTwoProcessesTakeInOneStream(t *testing.T) {
	place := newPlace(t)
	d := newDoorAt(t, openAt(t, place))
	furnish(t, d)
	held := contract.DigestOf([]byte("campus"), "w26:1:1")
	d.exec(t, `INSERT INTO card (digest, student_id) VALUES ($1, 's2')`, held[:])
	tell, answers := otherSender(t, place)

	s, ours, theirs := newSender(t, d), 0, 0
	for n := range sentRecords / sentAtOnce {
		fmt.Fprintln(tell)
		stored := s.send(t, n)
		answer := answers("new ")
		other, err := strconv.Atoi(answer)
		if err != nil || stored+other != sentAtOnce {
			t.Errorf("batch %d: receipts say %d and %q of %d records were new", n, stored, answer, sentAtOnce)
		}
		ours, theirs = ours+stored, theirs+other
	}
	t.Logf("stored %d here and %d there", ours, theirs)
	for query, want := range map[string]string{
		`SELECT count(*) || ' to ' || max(seq) FROM record`:           fmt.Sprintf("%d to %d", sentRecords, sentRecords),
		`SELECT count(*) || ' taps' FROM tap`:                         fmt.Sprintf("%d taps", sentRecords*3/4),
		`SELECT through || ' of ' || durable FROM stream`:             fmt.Sprintf("%d of %d", sentRecords, sentRecords),
		`SELECT until || '' FROM watermark WHERE point_id = 'p'`:      fmt.Sprint(milliseconds(nine.Add((sentRecords - 1) * time.Second))),
		`SELECT count(*) || '' FROM dirty WHERE student_id = 's2'`:    "1",
		`SELECT count(*) || ' row from ' || min(since) FROM coverage`: fmt.Sprintf("1 row from %d", milliseconds(nine.Add(-time.Second))),
	} {
		got := d.column(t, query)
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s = %v, want %s", query, got, want)
		}
	}
}

// otherSender starts TestSender in a process of its own. Answers returns what follows a word in its output.
func otherSender(t testing.TB, place Place) (tell io.Writer, answers func(word string) string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestSender$", "-engine="+engine)
	cmd.Env = append(os.Environ(), senderEnv+"="+place.Database)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	answers = func(word string) string {
		t.Helper()
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), word); ok {
				return rest
			}
		}
		t.Fatal("the other process ended")
		return ""
	}
	t.Cleanup(func() {
		in.Close()
		for lines.Scan() { // what go test says at its end
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the other process: %v", err)
		}
	})
	answers("ready")
	return in, answers
}
