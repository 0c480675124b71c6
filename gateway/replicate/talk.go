package replicate

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// The talk protocol, rollcall-talk/1: how members stand, what central last said of the cluster, and changes of membership.
// A question and its answer are size 4, big endian | JSON; one at a time, as often as they like. Fields that a build does
// not know it passes over, so that neighbouring versions understand one another.
const (
	maxTalk    = 2 << 20
	talkWithin = 5 * time.Second
)

// question is what one member asks another. All parts may be missing: then only the standing is asked for.
type question struct {
	Holds     uint64                    `json:"holds"`               // revision of the directory that the one who asks holds
	Directory *contract.SignedDirectory `json:"directory,omitempty"` // handed to one who was behind
	Overview  bool                      `json:"overview,omitempty"`
	Wish      *wish                     `json:"wish,omitempty"`
}

// reply answers a question.
type reply struct {
	Standing  standing                  `json:"standing"`
	Members   []Member                  `json:"members,omitempty"` // of Raft's configuration, for those who lost touch
	Directory *contract.SignedDirectory `json:"directory,omitempty"`
	Overview  *Overview                 `json:"overview,omitempty"`
	Progress  *progress                 `json:"progress,omitempty"`
	Central   bool                      `json:"central,omitempty"` // the wish is refused: central decides
	Error     string                    `json:"error,omitempty"`
}

// standing is how a member is.
type standing struct {
	Speaks   byte   `json:"speaks"` // newest version of a command that it reads
	Build    string `json:"build"`
	Term     uint64 `json:"term"`
	Last     uint64 `json:"last"`     // index of its last entry
	Applied  uint64 `json:"applied"`  // index of the last entry in its replica
	Newcomer bool   `json:"newcomer"` // it began with an empty disk and has not been taken in since
	Holds    uint64 `json:"holds"`    // revision of the directory it holds
}

// progress is how far a wish has come.
type progress struct {
	Done  bool   `json:"done"`
	Step  string `json:"step,omitempty"`  // what was done just now
	Waits string `json:"waits,omitempty"` // for what
}

func writeTalk(conn net.Conn, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if len(text) > maxTalk {
		return fmt.Errorf("%w: %d octets to say", ErrTalk, len(text))
	}
	if err := conn.SetWriteDeadline(time.Now().Add(talkWithin)); err != nil {
		return err
	}
	_, err = conn.Write(append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(text)), uint32(len(text))), text...))
	return err
}

// readTalk reads one message into v. It takes memory as octets come, not as they are announced.
func readTalk(r io.Reader, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxTalk {
		return fmt.Errorf("%w: %d octets announced", ErrTalk, size)
	}
	text, err := io.ReadAll(io.LimitReader(r, int64(size)))
	if err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	if len(text) < int(size) {
		return fmt.Errorf("read message: %w", io.ErrUnexpectedEOF)
	}
	if err := contract.DecodeReply(bytes.NewReader(text), maxTalk, v); err != nil {
		return fmt.Errorf("%w: %w", ErrTalk, err)
	}
	return nil
}

// answerTalk serves one connection until it ends.
func answerTalk(conn net.Conn, to func(question) reply) error {
	for {
		var q question
		err := readTalk(conn, &q)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := writeTalk(conn, to(q)); err != nil {
			return err
		}
	}
}

// talker asks one member, over a connection that is kept.
type talker struct {
	port *port

	turn sync.Mutex // held by the one who asks; guards everything that follows
	conn net.Conn
}

// ask puts a question to a member. ErrMute says that its build does not know this protocol.
func (t *talker) ask(ctx context.Context, peer Member, q question) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, talkWithin)
	defer cancel()
	t.turn.Lock()
	defer t.turn.Unlock()
	if t.conn == nil {
		conn, err := t.port.open(ctx, peer, protocolTalk)
		if err != nil {
			return reply{}, mute(err)
		}
		t.conn = conn
	}
	r, err := t.exchange(ctx, q)
	if err != nil {
		t.hangUp()
		return reply{}, fmt.Errorf("ask %s: %w", peer.ID, err)
	}
	if r.Error != "" {
		return r, fmt.Errorf("%s answers: %s", peer.ID, r.Error)
	}
	return r, nil
}

func (t *talker) exchange(ctx context.Context, q question) (r reply, err error) {
	conn := t.conn
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := writeTalk(conn, q); err != nil {
		return reply{}, err
	}
	deadline, _ := ctx.Deadline()
	if err := conn.SetReadDeadline(deadline); err != nil {
		return reply{}, err
	}
	return r, readTalk(conn, &r)
}

// hangUp closes the connection, if there is one. turn is held.
func (t *talker) hangUp() {
	if t.conn != nil {
		t.conn.Close()
		t.conn = nil
	}
}

// close hangs up once the one who asks is through.
func (t *talker) close() {
	t.turn.Lock()
	defer t.turn.Unlock()
	t.hangUp()
}

// mute makes ErrMute of the alert by which a port refuses a protocol that it does not know (RFC 7301, section 3.2). The
// library gives alerts of the other side no type of their own.
func mute(err error) error {
	if strings.Contains(err.Error(), "no application protocol") || errors.Is(err, ErrProtocol) {
		return fmt.Errorf("%w: %w", ErrMute, err)
	}
	return err
}
