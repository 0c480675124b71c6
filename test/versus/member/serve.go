package member

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/sample"
)

// What a member can be asked to do.
const (
	Leader = "leader" // who leads, as it sees it
	Load   = "load"   // Clients readers for so long, each waiting until its tap is on a majority before the next
	Pace   = "pace"   // a tap Every so often for so long, and then wait until all are on a majority
	Lone   = "lone"   // Taps lone taps and as many bare flushes on the same disk, in turns, one Every so often
)

// Request is one line of JSON on standard input. Fields that a request does not name are zero.
type Request struct {
	Do      string
	Clients int
	Taps    int
	For     time.Duration
	Every   time.Duration
}

// Reply is one line of JSON on standard output.
type Reply struct {
	Error  string       `json:",omitempty"`
	Leader string       `json:",omitempty"`
	Times  sample.Times `json:",omitempty"` // of each tap: until it was on a majority; of lone ones, until it was kept
	Bare   sample.Times `json:",omitempty"` // of each flush
	Took   time.Duration
}

// Serve reads a Config, opens the member, replies once, and then answers requests until standard input ends.
func Serve(in io.Reader, out io.Writer) (err error) {
	requests, replies := json.NewDecoder(in), json.NewEncoder(out)
	var c Config
	if err := requests.Decode(&c); err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	m, err := Open(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	if err := replies.Encode(Reply{}); err != nil {
		return err
	}
	for {
		var r Request
		if err := requests.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		if err := replies.Encode(m.answer(r)); err != nil {
			return err
		}
	}
}

func (m *Member) answer(r Request) Reply {
	began := time.Now()
	reply, err := m.do(r)
	if err != nil {
		return Reply{Error: err.Error()}
	}
	reply.Took = time.Since(began)
	return reply
}

func (m *Member) do(r Request) (reply Reply, err error) {
	switch r.Do {
	case Leader:
		_, reply.Leader = m.node.Leader()
	case Load:
		reply.Times, err = LoadWith(r.Clients, r.For, m.replicated)
	case Pace:
		reply.Times, err = PaceWith(r.Every, r.For, m.replicated)
	case Lone:
		return m.lone(r)
	default:
		err = fmt.Errorf("unknown request %q", r.Do)
	}
	return reply, err
}
