package replicate

import (
	"github.com/hashicorp/raft"
)

// ballot is Raft's transport on a gateway that began with an empty disk: until the cluster has taken it in as a newcomer it
// gives nobody its vote. Its predecessor may have promised to keep an entry, or have voted already, and nothing here knows.
type ballot struct {
	*raft.NetworkTransport
	calls chan raft.RPC
}

// newBallot passes on what comes in over t until closing.
func (n *Node) newBallot(t *raft.NetworkTransport) *ballot {
	b := &ballot{NetworkTransport: t, calls: make(chan raft.RPC)}
	n.work.Go(func() {
		for {
			select {
			case <-n.closing:
				return
			case call := <-t.Consumer():
				if n.newcomer.Load() && isElection(call) {
					call.Respond(nil, ErrNewcomer)
					continue
				}
				select {
				case b.calls <- call:
				case <-n.closing:
					call.Respond(nil, ErrClosed)
					return
				}
			}
		}
	})
	return b
}

// Consumer implements raft.Transport.
func (b *ballot) Consumer() <-chan raft.RPC { return b.calls }

func isElection(call raft.RPC) bool {
	switch call.Command.(type) {
	case *raft.RequestVoteRequest, *raft.RequestPreVoteRequest:
		return true
	}
	return false
}
