package replicate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"

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
	return n.commit(ctx, c, c.encodeAs(speaks))
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

// commit gives a command to Raft, with those that come along, and waits until it is applied here. When ctx ends first, whether
// the command will be done is unknown.
func (n *Node) commit(ctx context.Context, c command, encoded []byte) (answer, error) {
	if !n.begin() {
		return answer{}, ErrClosed
	}
	t := &ticket{command: c, encoded: encoded, done: make(chan struct{})}
	n.gatherer.add(t)
	select {
	case <-ctx.Done():
		return answer{}, ctx.Err()
	case <-n.closing: // Raft answers what it can; it may forget one whose turn comes as it stops
		return answer{}, ErrClosed
	case <-t.done:
		return t.answer, t.err
	}
}

// commitAll brings commands into Raft's log, in as few entries as they fit, and waits until they are applied here.
func (n *Node) commitAll(commands [][]byte) []result {
	entries, starts := pack(n.spoken(), commands)
	futures := make([]raft.ApplyFuture, len(entries))
	var taken sync.WaitGroup
	for i, e := range entries {
		taken.Go(func() { futures[i] = n.raft.Apply(e, enterWithin) })
	}
	taken.Wait()
	results := make([]result, len(commands))
	for i, f := range futures {
		to := len(commands)
		if i+1 < len(starts) {
			to = starts[i+1]
		}
		resultsOf(f, results[starts[i]:to])
	}
	for range commands {
		n.commands.Done()
	}
	return results
}

// resultsOf waits for an entry and fills in what became of each of its commands.
func resultsOf(f raft.ApplyFuture, into []result) {
	answers, err := answersOf(f, len(into))
	for i := range into {
		if into[i].err = err; err == nil {
			into[i].answer = answers[i]
		}
	}
}

// answersOf waits for an entry of n commands.
func answersOf(f raft.ApplyFuture, n int) ([]answer, error) {
	if err := f.Error(); err != nil {
		if errors.Is(err, raft.ErrNotLeader) {
			return nil, ErrNotLeader
		}
		return nil, fmt.Errorf("commit: %w", err)
	}
	switch a := f.Response().(type) {
	case answer:
		return slices.Repeat([]answer{a}, n), nil // of one command, or of an entry that was refused whole
	case []answer:
		if len(a) == n {
			return a, nil
		}
	case error:
		return nil, a
	}
	return nil, fmt.Errorf("commit: state machine answered %T to %d commands", f.Response(), n)
}
