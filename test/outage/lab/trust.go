package lab

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/outage/site"
)

var trustFaults = map[int]method{
	67: {lane: centralAndGateway, lasts: 20 * time.Second, do: expired},
	68: {lane: everybody, lasts: 5 * time.Second, takes: time.Minute, do: rotated},
	69: {lane: centralAndGateway, lasts: time.Second, short: true, do: revoked},
	70: {lane: centralAndGateway, lasts: time.Second, short: true, do: rogue},
	71: {lane: centralAndGateway, lasts: time.Second, short: true, do: twice},
	72: {lane: central, lasts: time.Second, short: true, do: tampered},
}

// note keeps an attempt that must fail for I12.
func (i *injury) note(refused bool, detail string) {
	i.lab.mu.Lock()
	defer i.lab.mu.Unlock()
	i.lab.history.Trust = append(i.lab.history.Trust, history.Trust{What: i.kind.Name, Refused: refused, Detail: detail})
}

// beat is a heartbeat about now: what a gateway with nothing to say sends. The number makes it differ from others.
func beat(n int) []contract.Record {
	at := time.Now().UTC().Round(0)
	return []contract.Record{{
		Stamp:     contract.Stamp{At: at, Uptime: time.Duration(n), Quality: contract.Synchronised, Within: time.Millisecond},
		Heartbeat: &contract.Heartbeat{Since: at.Add(-time.Second), Points: []contract.PointState{}},
	}}
}

// refused notes what came of an attempt that must fail. Only central's word is an answer: who was not heard was not refused.
func (i *injury) refused(err error) error {
	var word *contract.Problem
	switch {
	case err == nil:
		i.note(false, "central gave a receipt")
		return i.proved(true, "central took a record from it")
	case errors.As(err, &word), strings.Contains(err.Error(), "remote error: tls: "):
		i.note(true, err.Error())
		return i.proved(true, "central refused: %v", err)
	}
	return i.proved(false, "central did not answer: %v", err)
}

// revoked is a gateway that was let go.
func revoked(ctx context.Context, i *injury) error {
	v := *i.lab.keeper
	v.Client = i.lab.site.Caller(i.gateway, v.Authority().ClientTLS())
	return i.refused(v.Send(ctx, beat(1)))
}

// rogue delivers with a certificate of its own making, for the name of a gateway in service.
func rogue(ctx context.Context, i *injury) error {
	g := i.gateway
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("forge: %w", err)
	}
	like := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: g.Building.ID}, DNSNames: []string{g.Building.ID}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, like, like, key.Public(), key)
	if err != nil {
		return fmt.Errorf("forge: %w", err)
	}
	v := &site.Visitor{Name: "rogue", Building: g.Building.ID, Stream: contract.NewStream()}
	v.Client = i.lab.site.Caller(g, &tls.Config{
		RootCAs: i.lab.keeper.Authority().Authority(), MinVersion: tls.VersionTLS13,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	})
	return i.refused(v.Send(ctx, beat(1)))
}

// twice is one identity on two machines, each with a history of its own under the same stream.
func twice(ctx context.Context, i *injury) error {
	v, err := i.lab.site.Visit(ctx, fmt.Sprintf("double-%d", i.chance.IntN(1e6)), i.gateway)
	if err != nil {
		return err
	}
	clone := *v
	if err := v.Report(ctx); err != nil {
		return err
	}
	if err := v.Send(ctx, beat(1)); err != nil {
		return err
	}
	return i.refused(clone.Send(ctx, beat(2)))
}

// tampered changes a copy of central's ledger, and has it audited each time.
func tampered(ctx context.Context, i *injury) error {
	ledger, err := i.lab.site.Central.CopyLedger(fmt.Sprintf("ledger-%d", i.chance.IntN(1e6)))
	if err != nil {
		return err
	}
	stream, seq, err := ledger.Tap(ctx)
	if err != nil {
		return err
	}
	if text, _ := ledger.Verify(ctx); !strings.HasPrefix(verdictOn(text, stream), "PASS") { // streams with two histories fail, as they must
		return fmt.Errorf("stream %s does not pass before anybody touched it: %s", stream, text)
	}
	for _, deed := range []struct {
		what       string
		do, repair func(ctx context.Context, stream string, seq uint64) error
	}{{"altered", ledger.Alter, ledger.Alter}, {"deleted", ledger.Delete, nil}} {
		if err := deed.do(ctx, stream, seq); err != nil {
			return err
		}
		text, failed := ledger.Verify(ctx)
		verdict := verdictOn(text, stream)
		named := failed != nil && strings.HasPrefix(verdict, "FAIL") && strings.Contains(verdict, fmt.Sprintf("record %d", seq))
		i.note(named, fmt.Sprintf("record %s/%d was %s: %v: %s", stream, seq, deed.what, failed, verdict))
		if deed.repair == nil {
			break
		}
		if err := deed.repair(ctx, stream, seq); err != nil {
			return err
		}
	}
	return i.proved(true, "record %s/%d was altered, and then deleted, in a copy that had passed the audit before", stream, seq)
}

// verdictOn is what an audit said of one stream, "" when nothing.
func verdictOn(text, stream string) string {
	_, rest, _ := strings.Cut(text, "stream "+stream+": ")
	verdict, _, _ := strings.Cut(rest, "\n\n")
	return verdict
}

// expired is a gateway whose certificate ends without being renewed: what is taken from it before is refused after.
func expired(ctx context.Context, i *injury) error {
	v, err := i.lab.site.Visit(ctx, fmt.Sprintf("expired-%d", i.chance.IntN(1e6)), i.gateway)
	if err != nil {
		return err
	}
	if err := v.Report(ctx); err != nil {
		return err
	}
	ends := time.Now().Add(i.lasts)
	c, err := i.lab.site.Certify(v, time.Now(), ends)
	if err != nil {
		return err
	}
	v.Client = i.lab.site.Caller(i.gateway, c)
	if err := v.Send(ctx, beat(1)); err != nil {
		return fmt.Errorf("with a certificate that has not ended: %w", err)
	}
	sleep(ctx, time.Until(ends.Add(2*time.Second)))
	v.Client = i.lab.site.Caller(i.gateway, c)
	return i.refused(v.Send(ctx, beat(2)))
}

// rotated exchanges the campus authority while people tap, from the making of another to the end of the former. Visitors, who
// cannot follow, are left behind.
func rotated(ctx context.Context, i *injury) error {
	c := i.lab.site.Central
	if _, err := c.Command(ctx, "authority", "rotate", "--config", c.Config(), "--force"); err != nil {
		return err
	}
	ready := await(ctx, followWithin, func() bool {
		text, err := c.Command(ctx, "authority", "status", "--config", c.Config())
		return err == nil && i.allReady(text)
	})
	if !ready {
		return i.proved(false, "not every gateway followed to the new authority within %v", followWithin)
	}
	if _, err := c.Command(ctx, "authority", "retire", "--config", c.Config(), "--force"); err != nil {
		return err
	}
	i.hold(ctx)
	delivers := i.allDeliver(ctx)
	return i.proved(delivers, "every gateway followed to the new authority, and delivers now that the former is retired: %v", delivers)
}

// followWithin is how long gateways may take to renew under another authority, on a machine that others use too.
const followWithin = 3 * time.Minute

// allReady reports whether central calls every gateway of the campus ready.
func (i *injury) allReady(status string) bool {
	for _, g := range i.lab.site.Gateways {
		if !regexp.MustCompile(`(?m)^` + g.Building.ID + ` .* ready$`).MatchString(status) {
			return false
		}
	}
	return true
}

// allDeliver reports whether central confirms to every gateway what it heard since.
func (i *injury) allDeliver(ctx context.Context) bool {
	for _, g := range i.lab.site.Gateways {
		before, err := g.Progress(ctx)
		if err != nil || !await(ctx, time.Minute, func() bool {
			now, err := g.Progress(ctx)
			return err == nil && now.Stream == before.Stream && now.Acknowledged > before.Durable
		}) {
			return false
		}
	}
	return true
}
