package replicate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/hashicorp/raft"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/failpoint"
)

// hear serves one peer's ship connection.
func (n *Node) hear(conn net.Conn) {
	err := hear(conn, n.answerTo)
	if err != nil {
		n.o.Log.Debug("ship connection ended", slog.Any("error", err))
	}
}

// answerTo answers one command of a peer. A peer may be quicker than the start of Raft behind the port: nobody leads then.
func (n *Node) answerTo(cmd []byte) answer {
	select {
	case <-n.running:
	default:
		return answer{code: codeNotLeader}
	}
	if len(cmd) > 1 && cmd[1] == kindPrune {
		return answer{code: codeRefused} // what may go the leader alone decides
	}
	a, err := n.propose(context.Background(), cmd)
	if err != nil {
		return answer{code: codeOf(err)}
	}
	return a
}

func codeOf(err error) code {
	switch {
	case errors.Is(err, ErrNotLeader):
		return codeNotLeader
	case errors.Is(err, ErrCommand), errors.Is(err, ErrCommandVersion):
		return codeRefused
	}
	return codeFailed
}

// propose commits a command on this gateway, which must lead. Commands that change nothing are answered without Raft.
func (n *Node) propose(ctx context.Context, cmd []byte) (answer, error) {
	c, err := decodeUpTo(n.o.speaks, cmd)
	if err != nil {
		return answer{}, err
	}
	if err := c.check(); err != nil {
		return answer{}, err
	}
	if !n.IsLeader() {
		return answer{}, ErrNotLeader
	}
	if a, known, err := n.known(c); known || err != nil {
		return a, err
	}
	speaks := n.spoken()
	if speaks < c.since() {
		return answer{}, fmt.Errorf("%w: not all members read version %d yet", ErrCommandVersion, c.since())
	}
	failpoint.Hit(failpoint.ReplicatePropose)
	return n.commit(ctx, c.encodeAs(speaks))
}

// known answers a command from what this gateway holds already. A duplicate must be the same record: if it is another, two
// journals write under one name, and nothing is merged silently.
func (n *Node) known(c command) (a answer, known bool, err error) {
	st := n.replica.stream(c.stream)
	switch c.kind {
	case kindAck:
		return answer{through: st.Acknowledged}, st.Acknowledged >= c.seq, nil
	case kindSeal:
		return answer{through: st.Sealed}, st.Sealed >= c.seq, nil
	case kindPrune:
		return answer{through: st.Pruned}, st.Pruned >= c.seq, nil
	}
	if c.seq > max(st.Replicated, st.Acknowledged)+1 {
		return answer{code: codeGap, through: st.Replicated}, true, nil
	}
	same, err := n.agree(c, st.Replicated)
	if err != nil {
		return answer{}, false, err
	}
	if !same {
		n.o.Log.Warn("refused records: the stream has two histories", slog.String("stream", c.stream.String()), slog.Uint64("seq", c.seq))
		return answer{code: codeFork, through: st.Replicated}, true, nil
	}
	return answer{through: st.Replicated}, c.last() <= st.Replicated, nil
}

// agree reports whether the shipped records that are here already are the same octet for octet.
func (n *Node) agree(c command, through uint64) (bool, error) {
	for i, raw := range c.records {
		seq := c.seq + uint64(i)
		if seq > through {
			break
		}
		held, err := n.replica.read(c.stream, seq, 1, contract.MaxRecord)
		if errors.Is(err, ErrNotFound) {
			continue // pruned, or central had it before the replica did
		}
		if err != nil {
			return false, err
		}
		if !bytes.Equal(held[0], raw) {
			return false, nil
		}
	}
	return true, nil
}

// commit gives a command to Raft and waits until it is applied here. When ctx ends first, whether the command will be done
// is unknown.
func (n *Node) commit(ctx context.Context, cmd []byte) (answer, error) {
	if !n.begin() {
		return answer{}, ErrClosed
	}
	done := make(chan raft.ApplyFuture, 1)
	go func() {
		defer n.commands.Done()
		f := n.raft.Apply(cmd, enterWithin)
		_ = f.Error() // waits; read again below
		done <- f
	}()
	select {
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case f := <-done:
		return answerOf(f)
	}
}

func answerOf(f raft.ApplyFuture) (answer, error) {
	if err := f.Error(); err != nil {
		if errors.Is(err, raft.ErrNotLeader) {
			return answer{}, ErrNotLeader
		}
		return answer{}, fmt.Errorf("commit: %w", err)
	}
	switch a := f.Response().(type) {
	case answer:
		return a, nil
	case error:
		return answer{}, a
	default:
		return answer{}, fmt.Errorf("commit: state machine answered %T", a)
	}
}
