package site

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/identity"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// Visitor is an identity without a machine: the gateway that was in a building before, or somebody who should not be let in.
// It speaks to central from inside the namespace of its building's gateway.
type Visitor struct {
	Name     string
	Building string
	Client   *contract.Client
	Stream   contract.Stream
	through  uint64
	identity *identity.Identity
	site     *Site
}

// Visit enrols a visitor in a building.
func (s *Site) Visit(ctx context.Context, name string, g *Gateway) (*Visitor, error) {
	v := &Visitor{Name: name, Building: g.Building.ID, Stream: contract.NewStream(), site: s}
	dir := filepath.Join(s.o.Dir, "visitors", name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("enrol %s: %w", name, err)
	}
	config := filepath.Join(dir, "gateway.yaml")
	text := fmt.Sprintf("data: %q\ncentral: {url: %q}\nstatus: {listen: \"127.0.0.1:19199\"}\n", dir, s.Central.Address())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("enrol %s: %w", name, err)
	}
	invitation, err := s.Central.Invite(ctx, name, g.Building.ID)
	if err != nil {
		return nil, err
	}
	if _, err := run(s.network.command(ctx, g.Host, g.path(), "enrol", "--config", config, invitation)); err != nil {
		return nil, fmt.Errorf("enrol %s: %w", name, err)
	}
	v.identity, err = identity.Open(identity.Options{Dir: filepath.Join(dir, "identity"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("enrol %s: %w", name, err)
	}
	v.Client = s.Caller(g, v.identity.ClientTLS())
	return v, nil
}

// Caller speaks to central from inside a gateway's namespace with any certificate.
func (s *Site) Caller(g *Gateway, c *tls.Config) *contract.Client {
	transport := &http.Transport{TLSClientConfig: c, ForceAttemptHTTP2: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		return s.network.dial(ctx, g.Host, network, address)
	}}
	return &contract.Client{HTTP: &http.Client{Transport: transport, Timeout: 20 * time.Second}, Base: s.Central.Address()}
}

// Digest is how central and all gateways of the campus tell a card.
func (v *Visitor) Digest(key string) string {
	return contract.DigestOf(v.identity.CampusKey(), key).String()
}

// Authority is what says who belongs to the campus.
func (v *Visitor) Authority() *identity.Identity { return v.identity }

// Report claims the visitor's stream.
func (v *Visitor) Report(ctx context.Context) error {
	_, err := v.Client.SendReport(ctx, contract.Report{
		Version: contract.ReportVersion, Build: "visitor", At: time.Now().UTC().Round(0), Quality: contract.Synchronised.String(),
		Streams: []contract.StreamState{{Stream: v.Stream, Own: true}}, Points: []contract.PointReport{},
	})
	if err != nil {
		return fmt.Errorf("report of %s: %w", v.Name, err)
	}
	return nil
}

// ErrReceipt means that central did not confirm what it was sent.
var ErrReceipt = errors.New("central's receipt does not cover the batch")

// Vouch says of a building's readers that they heard nobody from one moment to another.
func (v *Visitor) Vouch(ctx context.Context, i model.Interval) error {
	c := campus.New(1, i.To) // makes beats; its people are nobody here
	return v.Send(ctx, c.Beats(v.Building, v.Stream, i))
}

// Send delivers records, which get the next numbers.
func (v *Visitor) Send(ctx context.Context, records []contract.Record) error {
	octets, err := campus.Encode(records, v.Stream, v.through+1)
	if err != nil {
		return err
	}
	receipt, err := v.Client.SendBatch(ctx, contract.Batch{Version: contract.BatchVersion, Stream: v.Stream, First: v.through + 1, Records: octets})
	if err != nil {
		return fmt.Errorf("deliver of %s: %w", v.Name, err)
	}
	if receipt.Through != v.through+uint64(len(records)) {
		return fmt.Errorf("deliver of %s: %w", v.Name, ErrReceipt)
	}
	v.through = receipt.Through
	return nil
}

// Revoke ends a gateway's certificates.
func (c *Central) Revoke(ctx context.Context, gateway string) error {
	_, err := c.Command(ctx, "revoke", "--config", c.config, gateway)
	return err
}
