package replicate

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// The ship protocol, rollcall-ship/1: the client sends a command as size 4 | octets, the server answers code 1 | through 8,
// big endian; one at a time, as often as they like.
const (
	answerSize = 1 + 8
	askWithin  = 10 * time.Second // an answer needs the leader's flush and a majority's
)

// hear answers the commands of one connection until it ends. do is called for one command at a time.
func hear(conn net.Conn, do func(cmd []byte) answer) error {
	for {
		cmd, err := readCommand(conn)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := writeAnswer(conn, do(cmd)); err != nil {
			return err
		}
	}
}

func readCommand(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxCommand {
		return nil, fmt.Errorf("%w: %d octets", ErrCommand, size)
	}
	cmd := make([]byte, size)
	if _, err := io.ReadFull(r, cmd); err != nil {
		return nil, fmt.Errorf("read command: %w", err)
	}
	return cmd, nil
}

func writeAnswer(conn net.Conn, a answer) error {
	if err := conn.SetWriteDeadline(time.Now().Add(askWithin)); err != nil {
		return err
	}
	_, err := conn.Write(binary.BigEndian.AppendUint64([]byte{byte(a.code)}, a.through))
	return err
}

// caller sends commands to the member that leads, over one connection that is kept while the leader stays the same.
type caller struct {
	port *port
	turn chan struct{} // holds one: the turn of the one who asks; guards everything that follows
	peer string
	conn net.Conn
}

func newCaller(p *port) *caller { return &caller{port: p, turn: make(chan struct{}, 1)} }

// ask sends cmd to a member and waits for its answer. After an error it is unknown whether the command was done.
func (c *caller) ask(ctx context.Context, peer Member, cmd []byte) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return answer{}, fmt.Errorf("ask %s: %w", peer.ID, ctx.Err())
	}
	if err := c.reach(ctx, peer); err != nil {
		return answer{}, err
	}
	a, err := c.exchange(ctx, cmd)
	if err != nil {
		c.hangUp()
		return answer{}, fmt.Errorf("ask %s: %w", peer.ID, err)
	}
	return a, nil
}

func (c *caller) reach(ctx context.Context, peer Member) error {
	if c.conn != nil && c.peer == peer.ID {
		return nil
	}
	c.hangUp()
	conn, err := c.port.open(ctx, peer, protocolShip)
	if err != nil {
		return err
	}
	c.conn, c.peer = conn, peer.ID
	return nil
}

func (c *caller) exchange(ctx context.Context, cmd []byte) (answer, error) {
	deadline, _ := ctx.Deadline()
	if err := c.conn.SetDeadline(deadline); err != nil {
		return answer{}, err
	}
	conn := c.conn
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	frame := append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(cmd)), uint32(len(cmd))), cmd...)
	if _, err := conn.Write(frame); err != nil {
		return answer{}, err
	}
	var b [answerSize]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil {
		return answer{}, err
	}
	return answer{code: code(b[0]), through: binary.BigEndian.Uint64(b[1:])}, nil
}

// hangUp closes the connection, if there is one. turn is held.
func (c *caller) hangUp() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// close hangs up once the one who asks is through.
func (c *caller) close() {
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	c.hangUp()
}
