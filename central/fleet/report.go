package fleet

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

const (
	maxStreams = 256  // of one report: a cluster's journals and those of gateways it has outlived
	maxPoints  = 1024 // of one report
	maxTrusts  = 16   // authorities a gateway says it believes
	maxText    = 512  // octets of a build or a trouble
)

// Report keeps what a gateway says of itself and answers with how far central holds each stream it named.
func (f *Fleet) Report(ctx context.Context, caller Caller, r contract.Report) (contract.ReportReply, error) {
	if err := checkReport(r); err != nil {
		return contract.ReportReply{}, err
	}
	now := f.now()
	f.takeCosigned(ctx, caller.Gateway, r.Cosigned)
	r.Cosigned = nil // the rest is kept
	receipts, err := f.store.Heard(ctx, caller.Gateway, now, r)
	if err != nil {
		return contract.ReportReply{}, fmt.Errorf("keep report of %s: %w", caller.Gateway, err)
	}
	f.contact.WithLabelValues(caller.Gateway).Set(seconds(now))
	f.offset.WithLabelValues(caller.Gateway).Set(r.At.Sub(now).Seconds())
	return contract.ReportReply{HeardAt: now.UTC(), At: f.now().UTC(), Receipts: receipts, Day: f.newer(r.Day), Cosign: f.toCosign(ctx, caller.Gateway, r.Streams)}, nil
}

func checkReport(r contract.Report) error {
	switch {
	case r.Version != contract.ReportVersion:
		return fmt.Errorf("%w: version %d, want %d", ErrReport, r.Version, contract.ReportVersion)
	case len(r.Streams) > maxStreams:
		return fmt.Errorf("%w: %d streams, at most %d", ErrReport, len(r.Streams), maxStreams)
	case len(r.Cosigned) > maxStreams:
		return fmt.Errorf("%w: %d cosigned checkpoints, at most %d", ErrReport, len(r.Cosigned), maxStreams)
	case len(r.Points) > maxPoints:
		return fmt.Errorf("%w: %d points, at most %d", ErrReport, len(r.Points), maxPoints)
	case len(r.Day) > len(time.DateOnly):
		return fmt.Errorf("%w: day has %d octets, at most %d", ErrReport, len(r.Day), len(time.DateOnly))
	case len(r.ClockTrouble) > maxText:
		return fmt.Errorf("%w: clock trouble has %d octets, at most %d", ErrReport, len(r.ClockTrouble), maxText)
	case !fingerprints(r.Certificate):
		return fmt.Errorf("%w: its certificate names authorities otherwise than by up to %d fingerprints", ErrReport, maxTrusts)
	case len(r.Build) > maxText:
		return fmt.Errorf("%w: build has %d octets, at most %d", ErrReport, len(r.Build), maxText)
	}
	if r.Cluster != nil {
		if err := r.Cluster.Validate(); err != nil {
			return fmt.Errorf("%w: cluster: %w", ErrReport, err)
		}
	}
	for i, s := range r.Streams {
		if s.Stream.IsZero() || s.Durable > 1<<63-1 {
			return fmt.Errorf("%w: streams[%d] is %s through %d", ErrReport, i, s.Stream, s.Durable)
		}
	}
	for i, p := range r.Points {
		if err := contract.CheckID("point", p.Point); err != nil {
			return fmt.Errorf("%w: points[%d]: %w", ErrReport, i, err)
		}
		if len(p.Trouble) > maxText {
			return fmt.Errorf("%w: points[%d]: trouble has %d octets, at most %d", ErrReport, i, len(p.Trouble), maxText)
		}
	}
	return nil
}

func fingerprints(c *contract.CertificateState) bool {
	if c == nil {
		return true
	}
	return len(c.Trusts) <= maxTrusts && !slices.ContainsFunc(append(c.Trusts[:len(c.Trusts):len(c.Trusts)], c.Authority), func(f []byte) bool { return len(f) != sha256.Size })
}
