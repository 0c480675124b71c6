package site

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/identity"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// Retired is the gateway that was in a building before the present one. It has no readers any more; it enrols like any other,
// delivers what its journal holds, and is revoked when the building has been handed over.
type Retired struct {
	Building string
	dir      string
	campus   *campus.Campus
	identity *identity.Identity
	client   *contract.Client
	stream   contract.Stream
	through  uint64 // central holds the stream up to here
}

// Name is the gateway's name.
func (r *Retired) Name() string { return r.Building + "-old" }

// openRetired gets the gateway an identity of its own by an invitation.
func openRetired(ctx context.Context, dir string, c *Central, u *campus.Campus, building string) (*Retired, error) {
	r := &Retired{Building: building, dir: filepath.Join(dir, "retired", building), campus: u}
	text, err := c.Invite(ctx, r.Name(), building)
	if err != nil {
		return nil, err
	}
	invitation, err := contract.ParseInvitation(text)
	if err != nil {
		return nil, fmt.Errorf("enrol %s: %w", r.Name(), err)
	}
	o := identity.Options{Dir: filepath.Join(r.dir, "identity"), Log: slog.New(slog.DiscardHandler)}
	if r.identity, err = identity.Enrol(ctx, o, "https://"+GatewayAddress, invitation); err != nil {
		return nil, fmt.Errorf("enrol %s: %w", r.Name(), err)
	}
	transport := &http.Transport{TLSClientConfig: r.identity.ClientTLS(), ForceAttemptHTTP2: true}
	r.client = &contract.Client{HTTP: &http.Client{Transport: transport, Timeout: time.Minute}, Base: "https://" + GatewayAddress}
	if r.stream, err = r.openStream(); err != nil {
		return nil, err
	}
	return r, r.learn(ctx)
}

// CampusKey is the key under which central and all gateways of the campus tell cards.
func (r *Retired) CampusKey() []byte { return r.identity.CampusKey() }

// openStream is the journal's identity, kept from the first start on.
func (r *Retired) openStream() (contract.Stream, error) {
	path := filepath.Join(r.dir, "stream.json")
	var kept struct{ Stream contract.Stream }
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &kept)
		return kept.Stream, wrap("open journal of "+r.Name(), err)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return kept.Stream, fmt.Errorf("open journal of %s: %w", r.Name(), err)
	}
	kept.Stream = contract.NewStream()
	if text, err = json.Marshal(kept); err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	return kept.Stream, wrap("begin journal of "+r.Name(), err)
}

// learn asks central how far it holds the stream: a delivery that was interrupted goes on from there.
func (r *Retired) learn(ctx context.Context) error {
	reply, err := r.client.SendReport(ctx, contract.Report{
		Version: contract.ReportVersion, Build: "retired", At: time.Now().UTC().Round(0), Quality: contract.Synchronised.String(),
		Streams: []contract.StreamState{{Stream: r.stream, Own: true}}, Points: []contract.PointReport{},
	})
	if err != nil {
		return fmt.Errorf("report of %s: %w", r.Name(), err)
	}
	for _, receipt := range reply.Receipts {
		if receipt.Stream == r.stream {
			r.through = receipt.Through
		}
	}
	return nil
}

// Deliver brings what central lacks of the term's records to it, and tells how many records the term has.
func (r *Retired) Deliver(ctx context.Context) (int, error) {
	records, err := r.campus.Journal(r.Building, r.stream, r.CampusKey())
	if err != nil {
		return 0, err
	}
	if r.through < uint64(len(records)) {
		err = r.send(ctx, records[r.through:])
	}
	return len(records), err
}

// Vouch says for the readers of the building that they heard nobody from one moment to another: what the retired gateway saw
// on the morning of the hand-over. The term must have been delivered.
func (r *Retired) Vouch(ctx context.Context, i model.Interval) error {
	records, err := campus.Encode(r.campus.Beats(r.Building, r.stream, i), r.stream, r.through+1)
	if err != nil {
		return err
	}
	return r.send(ctx, records)
}

// ErrReceipt means that central did not confirm what it was sent.
var ErrReceipt = errors.New("central's receipt does not cover the batch")

// batchOctets keeps batches well below contract.MaxBatchBytes, base64 included.
const batchOctets = contract.MaxBatchBytes / 2

// send delivers records in order, batch by batch, and believes only receipts.
func (r *Retired) send(ctx context.Context, records [][]byte) error {
	for len(records) > 0 {
		n, octets := 0, 0
		for n < min(len(records), contract.MaxBatchRecords) && octets < batchOctets {
			octets += len(records[n])
			n++
		}
		b := contract.Batch{Version: contract.BatchVersion, Stream: r.stream, First: r.through + 1, Records: records[:n]}
		receipt, err := r.client.SendBatch(ctx, b)
		if err != nil {
			return fmt.Errorf("deliver journal of %s: %w", r.Name(), err)
		}
		if want := r.through + uint64(n); receipt.Stream != r.stream || receipt.Through != want || receipt.Stored != n {
			return fmt.Errorf("deliver journal of %s: %w: through %d with %d new, want through %d with %d new",
				r.Name(), ErrReceipt, receipt.Through, receipt.Stored, want, n)
		}
		r.through, records = receipt.Through, records[n:]
	}
	return nil
}

// Close hangs up.
func (r *Retired) Close() {
	if r.client != nil {
		r.client.HTTP.CloseIdleConnections()
	}
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
