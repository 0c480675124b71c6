// Package forward brings records to central: the gateway's own journal, and as leader of the cluster the streams whose
// owners cannot. It neither makes nor judges records, and drops none without a receipt. See DESIGN.md beside this file.
package forward

import (
	"context"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Central stores batches, in their place in the stream or ahead of what is missing there. A refusal is a *contract.Problem; any
// other error leaves open whether the batch was stored.
type Central interface {
	SendBatch(ctx context.Context, b contract.Batch) (contract.Receipt, error)
	SendAhead(ctx context.Context, b contract.Batch) (contract.Receipt, error)
}

// Outbox is the stream this gateway writes. Numbers up to Durable are readable, gapless and never change.
type Outbox interface {
	Stream() contract.Stream
	Durable() uint64
	Read(first uint64, maxRecords, maxBytes int) ([][]byte, error)
	Changed() <-chan struct{} // closed when Durable grows
	Acknowledged() uint64
	Acknowledge(seq uint64) error // monotone: a smaller number than before changes nothing
}

// Notary signs the own stream. A batch it has no checkpoint for is sent without.
type Notary interface {
	Checkpoint(b contract.Batch) []byte
	Sealed(r contract.Receipt) error // what central made of it
}

// Replica is how far a stream is held by the cluster.
type Replica struct {
	Stream       contract.Stream
	Replicated   uint64 // greatest number this gateway holds a copy of
	Acknowledged uint64 // greatest number the cluster knows to be at central
}

// Cluster is what the sweeper needs of the replicated tap store.
type Cluster interface {
	IsLeader() bool
	Replicas() []Replica
	Read(stream contract.Stream, first uint64, maxRecords, maxBytes int) ([][]byte, error)
	Ack(ctx context.Context, stream contract.Stream, seq uint64) error // shared with every member; monotone
}
