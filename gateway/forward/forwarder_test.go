package forward

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// The ways a request can go wrong between two machines.
var (
	answerLost fault = func(w http.ResponseWriter, _ *http.Request, store func(http.ResponseWriter)) {
		store(discard{http.Header{}})
		panic(http.ErrAbortHandler)
	}
	requestLost fault = func(http.ResponseWriter, *http.Request, func(http.ResponseWriter)) { panic(http.ErrAbortHandler) }
	silence     fault = func(_ http.ResponseWriter, r *http.Request, store func(http.ResponseWriter)) {
		store(discard{http.Header{}})
		<-r.Context().Done() // the half-closed connection: nothing comes any more
	}
	garbage fault = func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
		_, _ = io.WriteString(w, "<html>hotel wifi, please log in</html>")
	}
	internal fault = func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
		http.Error(w, "oops", http.StatusInternalServerError)
	}
	busy fault = func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
		http.Error(w, "later", http.StatusTooManyRequests)
	}
	torn fault = func(w http.ResponseWriter, _ *http.Request, store func(http.ResponseWriter)) {
		store(discard{http.Header{}})
		_, _ = io.WriteString(w, `{"stream":"00`)
	}
	wrongStream fault = func(w http.ResponseWriter, _ *http.Request, store func(http.ResponseWriter)) {
		store(discard{http.Header{}})
		_, _ = io.WriteString(w, `{"stream":"0102030405060708","through":1000000,"stored":0,"known":0}`)
	}
	tooLarge fault = func(w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
		problem(w, contract.Problem{Type: contract.ProblemTooLarge, Status: http.StatusRequestEntityTooLarge})
	}
)

// discard takes an answer that never arrives.
type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) WriteHeader(int)             {}
func (discard) Write(b []byte) (int, error) { return len(b), nil }

func holdsAll(b *box) func(*model) bool {
	return func(m *model) bool { return len(m.records[b.Stream()]) == int(b.Durable()) }
}

// Whatever happens to single requests, in the end central holds each record once, in order and octet for octet.
func TestEachRecordArrivesOnce(t *testing.T) {
	tests := []struct {
		name   string
		faults []fault
	}{
		{"nothing goes wrong", nil},
		{"stored and the answer lost", []fault{answerLost, nil, answerLost}},
		{"request lost", []fault{requestLost, requestLost}},
		{"connection dies silently", []fault{silence}},
		{"something else answers", []fault{garbage, garbage}},
		{"central fails", []fault{internal, nil, internal}},
		{"central is busy and names no time", []fault{busy, busy}},
		{"receipt torn", []fault{torn}},
		{"receipt of another stream", []fault{wrongStream}},
		{"batch too large for something in between", []fault{tooLarge, tooLarge}},
		{"all of them", []fault{answerLost, garbage, internal, silence, busy, torn, requestLost, tooLarge, wrongStream}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, b := newModel(t, test.faults...), newBox(1203)
			f := NewForwarder(quickLink(t, m.client(t)), b)
			run(t, f.Run)
			m.await(t, "the backlog is held", holdsAll(b))
			b.write(7)
			m.await(t, "what came later is held", holdsAll(b))
			m.checkHolds(t, b)
		})
	}
}

func TestEachRecordArrivesOnceUnderRandomFaults(t *testing.T) {
	all := []fault{nil, nil, nil, answerLost, requestLost, garbage, internal, busy, torn, wrongStream}
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 1))
		faults := make([]fault, 40)
		for i := range faults {
			faults[i] = all[random.IntN(len(all))]
		}
		m, b := newModel(t, faults...), newBox(0)
		f := NewForwarder(quickLink(t, m.client(t)), b)
		stop := run(t, f.Run)
		for range 30 {
			b.write(1 + random.IntN(40))
			if random.IntN(5) == 0 { // the gateway is restarted; its acknowledgement may lag
				stop()
				b.mu.Lock()
				b.acknowledged -= min(b.acknowledged, uint64(random.IntN(20)))
				b.mu.Unlock()
				f = NewForwarder(quickLink(t, m.client(t)), b)
				stop = run(t, f.Run)
			}
		}
		m.await(t, "everything is held", holdsAll(b))
		m.checkHolds(t, b)
		stop()
	}
}

func TestBatchesAreLimited(t *testing.T) {
	m, b := newModel(t), newBox(1201)
	f := NewForwarder(quickLink(t, m.client(t)), b)
	run(t, f.Run)
	m.await(t, "everything is held", holdsAll(b))
	m.mu.Lock()
	defer m.mu.Unlock()
	if got, want := m.batches, 3; got != want { // 500, 500, 201
		t.Errorf("%d batches, want %d", got, want)
	}
	if m.twice != 0 {
		t.Errorf("%d records were sent twice", m.twice)
	}
}

// The body of the greatest batch that Read may give stays under the limit of central.
func TestLargestBatchFits(t *testing.T) {
	record := make([]byte, contract.MaxRecord)
	n := maxRaw / len(record)
	size := 0
	for range n {
		size += (len(record)+2)/3*4 + 3
	}
	if size+200 > contract.MaxBatchBytes {
		t.Errorf("a batch of %d octets becomes a body of %d, more than %d", maxRaw, size+200, contract.MaxBatchBytes)
	}
	if smallest := contract.MaxBatchRecords * 4; maxRaw/3*4+smallest+200 > contract.MaxBatchBytes {
		t.Errorf("500 records of %d octets together exceed %d", maxRaw, contract.MaxBatchBytes)
	}
}

func TestCentralThatLostRecordsGetsThemAgain(t *testing.T) {
	m, b := newModel(t), newBox(100)
	f := NewForwarder(quickLink(t, m.client(t)), b)
	run(t, f.Run)
	m.await(t, "everything is held", holdsAll(b))
	m.mu.Lock()
	m.records[b.Stream()] = m.records[b.Stream()][:40] // restored from a backup
	m.mu.Unlock()
	b.write(1) // meets a gap
	m.await(t, "everything is held again", holdsAll(b))
	m.checkHolds(t, b)
}

func TestOldImageIsNoticed(t *testing.T) {
	for name, learn := range map[string]func(*Forwarder, contract.Stream){
		"from a receipt": func(f *Forwarder, s contract.Stream) { _ = f.Learn(contract.Receipt{Stream: s, Through: 50}) },
		"from a gap":     func(f *Forwarder, s contract.Stream) { _ = f.rewind(s, 51) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(10)
			f := NewForwarder(quickLink(t, newModel(t).client(t)), b)
			learn(f, b.Stream())
			if s := f.State(); s.Ahead != 50 || !s.Stopped() || !strings.Contains(s.Trouble, "older copy") {
				t.Errorf("State = %+v", s)
			}
			if b.Acknowledged() != 0 {
				t.Errorf("Acknowledged = %d, want 0", b.Acknowledged())
			}
			if _, ok, err := f.next(); ok || err != nil {
				t.Errorf("next = %v, %v: something would be sent", ok, err)
			}
		})
	}
}

// A disk that is an old image has given numbers of central's a second time before anybody can know. None of those is sent before
// central has said how far it holds the stream, whatever becomes of its answers.
func TestRunSendsNothingOfItsOwnBeforeCentralHasSpoken(t *testing.T) {
	for name, tt := range map[string]struct{ earlier, acknowledged, now, first, last int }{
		"all of earlier is at central": {10, 10, 5, 10, 10},
		"some of earlier is not":       {10, 7, 5, 8, 10},
		"none of earlier is":           {10, 0, 5, 1, 10},
		"there is no earlier":          {0, 0, 5, 1, 5},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBox(tt.earlier)
			if err := b.Acknowledge(uint64(tt.acknowledged)); err != nil {
				t.Fatal(err)
			}
			f := NewForwarder(quickLink(t, newModel(t).client(t)), b)
			if _, ok, err := f.next(); ok != (tt.acknowledged < tt.earlier) || err != nil {
				t.Errorf("nothing is new: next = %v, %v", ok, err)
			}
			b.write(tt.now)
			for range 2 { // the answer to the first is lost
				next, ok, err := f.next()
				if last := int(next.First) + len(next.Records) - 1; !ok || err != nil || int(next.First) != tt.first || last != tt.last {
					t.Errorf("batch = %d to %d, %v, %v, want %d to %d", next.First, last, ok, err, tt.first, tt.last)
				}
			}
			if s, ok := f.stretch(); ok != (tt.earlier == 0) {
				t.Errorf("stretch = %+v, %v: something of this run would go ahead", s, ok)
			}
			if err := f.Learn(contract.Receipt{Stream: b.Stream(), Through: uint64(tt.earlier)}); err != nil {
				t.Fatal(err)
			}
			if next, ok, err := f.next(); !ok || err != nil || int(next.First) != tt.earlier+1 || len(next.Records) != tt.now {
				t.Errorf("after central's word: batch = %d and %d records, %v, %v, want %d and %d", next.First, len(next.Records), ok, err, tt.earlier+1, tt.now)
			}
		})
	}
}

// Central holds as many records as the journal, but those of this run are other ones: its word acknowledges none of them, they
// are compared, and the stream is left.
func TestWordOfAnotherHistoryAcknowledgesNothingOfThisRun(t *testing.T) {
	b, m := newBox(10), newModel(t)
	for seq := range uint64(10) {
		m.records[b.Stream()] = append(m.records[b.Stream()], string(b.record(seq+1)))
	}
	m.records[b.Stream()] = append(m.records[b.Stream()], "another tap", "and another")
	f := NewForwarder(quickLink(t, m.client(t)), b)
	b.write(2)
	if err := f.Learn(contract.Receipt{Stream: b.Stream(), Through: 12}); err != nil || b.Acknowledged() != 10 {
		t.Errorf("Learn = %v, acknowledged %d, want 10", err, b.Acknowledged())
	}
	next, _, err := f.next()
	if err == nil {
		err = f.deliver(t.Context(), next)
	}
	if s := f.State(); err != nil || s.Fork != 11 || b.Acknowledged() != 10 {
		t.Errorf("deliver = %v, state %+v, acknowledged %d, want a fork from 11 and 10 acknowledged", err, s, b.Acknowledged())
	}
}

func TestReceiptsOfAnotherStreamAreIgnored(t *testing.T) {
	b := newBox(10)
	f := NewForwarder(quickLink(t, newModel(t).client(t)), b)
	if err := f.Learn(contract.Receipt{Stream: contract.NewStream(), Through: 9}); err != nil || b.Acknowledged() != 0 {
		t.Errorf("Learn = %v, acknowledged %d", err, b.Acknowledged())
	}
}

// A central that names a place and refuses it must not be asked in a loop.
func TestConfusedCentralIsNotAskedInALoop(t *testing.T) {
	b := newBox(10)
	link := quickLink(t, newModel(t).client(t))
	f := NewForwarder(link, b)
	batch, _, _ := f.next()
	gap := &contract.Problem{Type: contract.ProblemGap, Status: 409, Expected: 3}
	if err := f.resume(batch, gap); err != nil {
		t.Errorf("first gap: %v, want none", err)
	}
	if err := f.resume(batch, gap); !errors.Is(err, error(gap)) {
		t.Errorf("second gap: %v, want %v", err, gap)
	}
	if err := f.resume(batch, &contract.Problem{Type: contract.ProblemGap, Status: 409}); err == nil {
		t.Error("a gap that expects number 0 is taken")
	}
}

func TestUnreadableJournalIsTrouble(t *testing.T) {
	b := newBox(3)
	b.broken = errors.New("input/output error")
	f := NewForwarder(quickLink(t, newModel(t).client(t)), b)
	if _, ok, err := f.next(); ok || !errors.Is(err, b.broken) {
		t.Errorf("next = %v, %v, want %v", ok, err, b.broken)
	}
	if s := f.State(); !strings.Contains(s.Trouble, "input/output error") {
		t.Errorf("Trouble = %q", s.Trouble)
	}
}

func TestQueueAndOldest(t *testing.T) {
	b := newBox(10)
	f := NewForwarder(quickLink(t, newModel(t).client(t)), b)
	if got := f.Queue(); got != 10 {
		t.Errorf("Queue = %d, want 10", got)
	}
	if err := f.Learn(contract.Receipt{Stream: b.Stream(), Through: 4}); err != nil {
		t.Fatal(err)
	}
	if got, want := f.Oldest(), time.Unix(1_800_000_005, 0); !got.Equal(want) {
		t.Errorf("Oldest = %v, want %v", got, want)
	}
	if err := f.Learn(contract.Receipt{Stream: b.Stream(), Through: 10}); err != nil {
		t.Fatal(err)
	}
	if got := f.Oldest(); f.Queue() != 0 || !got.IsZero() {
		t.Errorf("Queue = %d, Oldest = %v, want nothing", f.Queue(), got)
	}
}
