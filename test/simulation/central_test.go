package simulation

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	program "github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/fleet"
	"github.com/rollcall-edge/rollcall/central/ingest"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/store"
	"github.com/rollcall-edge/rollcall/central/timetable"
	"github.com/rollcall-edge/rollcall/central/web"
)

const (
	centralHost    = "central"
	centralAddress = "central:8443"
)

// central is the university's service: what is on its disk, and the process that runs while it has power.
type central struct {
	world *world
	dir   string
	boot  int
	ahead float64 // records that were stored ahead of a backlog, until the last power cut
	*service
}

// service is one run of central.
type service struct {
	store     *store.Store
	authority *fleet.Authority
	fleet     *fleet.Fleet
	importer  *timetable.Importer
	publisher *timetable.Publisher
	judge     *judge.Judge
	source    store.ReportSource
	server    *http.Server
	served    chan error
	metrics   prometheus.Gatherer // of the uplink
}

func (c *central) start() error {
	c.world.wire.Up(centralHost)
	s, err := c.open()
	if err != nil {
		return fmt.Errorf("start central: %w", err)
	}
	uplink, err := s.uplink(c.world)
	if err != nil {
		return errors.Join(fmt.Errorf("start central: %w", err), s.store.Close())
	}
	port, err := c.world.wire.Listen(centralAddress)
	if err != nil {
		return errors.Join(fmt.Errorf("start central: %w", err), s.store.Close())
	}
	s.server = &http.Server{
		Handler: uplink.Handler(), TLSConfig: s.fleet.TLS([]string{centralHost}), ReadHeaderTimeout: 10 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: idleWithin, ErrorLog: log.New(io.Discard, "", 0),
	}
	s.served = make(chan error, 1)
	go func() { s.served <- s.server.ServeTLS(port, "", "") }()
	c.service = s
	return nil
}

func (c *central) open() (*service, error) {
	ctx, w := context.Background(), c.world
	db, err := store.Open(ctx, store.Place{Database: filepath.Join(c.dir, "rollcall.db")})
	if err != nil {
		return nil, err
	}
	s := &service{store: db, source: db.ReportSource()}
	if s.authority, err = fleet.OpenAuthority(c.dir, time.Now); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	registry := prometheus.NewRegistry()
	s.fleet = fleet.New(fleet.Options{Store: db, Authority: s.authority, Log: w.log, Registerer: registry, Now: time.Now})
	policies := policy.NewDesk(db, time.Now)
	text, err := program.ShippedPolicy("college")
	if err == nil {
		err = policies.Start(ctx, "college.yaml", text)
	}
	if err == nil {
		err = s.fleet.Open(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s.judge = judge.New(judge.Options{Store: db.Judgements(), Policies: policies, Log: w.log, Registerer: registry, Now: time.Now})
	s.publisher = timetable.NewPublisher(timetable.PublisherOptions{Store: db, Signer: s.authority, Log: w.log, Registerer: registry, Now: time.Now})
	s.importer = timetable.NewImporter(timetable.ImporterOptions{
		Store: db, CampusKey: s.authority.CampusKey(), Log: w.log, Registerer: registry, Now: time.Now,
		Windows: func(ctx context.Context) (timetable.Window, error) {
			book, err := policies.Book(ctx)
			if err != nil {
				return nil, err
			}
			return book.Window, nil
		},
	})
	return s, nil
}

func (s *service) uplink(w *world) (*web.Uplink, error) {
	registry := prometheus.NewRegistry()
	s.metrics = registry
	return web.NewUplink(web.UplinkOptions{
		Intake: ingest.New(ingest.Options{Store: s.store, Log: w.log, Registerer: registry, Now: time.Now}),
		Fleet:  s.fleet, Timetables: s.publisher, Changed: func() {}, Log: w.log, Registerer: registry,
	})
}

// end takes central's power away. The next start finds what was in its files at this moment.
func (c *central) end() error {
	if c.service == nil {
		return nil
	}
	c.world.wire.Down(centralHost)
	c.world.quiesce()
	c.ahead += c.sentAhead()
	c.boot++
	next := filepath.Join(c.world.dir, fmt.Sprintf("central-%d", c.boot))
	if err := copyTree(c.dir, next); err != nil {
		return err
	}
	err := c.server.Close()
	<-c.served
	err = errors.Join(err, c.store.Close())
	c.world.remove(c.dir)
	c.dir, c.service = next, nil
	return err
}

// sentAhead is how many records this run has stored ahead of a backlog.
func (s *service) sentAhead() float64 {
	families, _ := s.metrics.Gather()
	for _, f := range families {
		if f.GetName() == "rollcall_central_ingest_ahead_records_total" {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	return 0
}

func (s *service) take(kind timetable.Kind, lines []string) error {
	_, err := s.importer.Import(context.Background(), kind, strings.NewReader(strings.Join(lines, "\n")+"\n"), timetable.Options{Actor: "simulation"})
	return err
}

// papers are what a gateway proves itself with.
type papers struct {
	certificate tls.Certificate
	authority   *x509.Certificate
	pool        *x509.CertPool
	campusKey   []byte
	checkpoint  ed25519.PrivateKey // signs what the gateway numbers
	secret      []byte             // encrypts what it stores; nil does not
}

// enrol gives a gateway its papers.
func (s *service) enrol(gateway, building string) (*papers, error) {
	ctx := context.Background()
	invitation, err := s.fleet.Invite(ctx, gateway, building)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	c, err := s.fleet.Enrol(ctx, contract.Enrolment{Token: invitation.Secret, Request: request, CheckpointKey: public})
	if err != nil {
		return nil, err
	}
	p := &papers{certificate: tls.Certificate{Certificate: [][]byte{c.Certificate}, PrivateKey: key}, campusKey: c.CampusKey, pool: x509.NewCertPool(), checkpoint: private}
	if p.authority, err = x509.ParseCertificate(c.Authority); err != nil {
		return nil, err
	}
	p.pool.AddCert(p.authority)
	return p, nil
}

// records are all records of a stream that central holds.
func (s *service) records(id contract.Stream) ([][]byte, error) {
	const step = 500
	var all [][]byte
	err := s.store.Receive(context.Background(), func(tx ingest.Tx) error {
		all = nil
		stream, err := tx.Stream(context.Background(), id)
		if err != nil {
			return err
		}
		for next := uint64(1); next <= stream.Through; next += step {
			some, err := tx.Octets(context.Background(), id, next, step)
			if err != nil {
				return err
			}
			all = append(all, some...)
		}
		if uint64(len(all)) != stream.Through {
			return fmt.Errorf("stream %s is through %d, and %d records of it are there", id, stream.Through, len(all))
		}
		return nil
	})
	return all, err
}

// register is the register of one session.
type register struct {
	report.Session
	rows []report.RegisterRow
}

// registers are the registers of the sessions that overlap an interval, as they are judged now.
func (s *service) registers(from, to time.Time) ([]register, error) {
	ctx := context.Background()
	if err := s.judge.Settle(ctx); err != nil {
		return nil, err
	}
	sessions, err := s.source.Sessions(ctx, report.SessionQuery{From: from, To: to})
	if err != nil {
		return nil, err
	}
	all := make([]register, len(sessions))
	for i, session := range sessions {
		all[i].Session = session
		if all[i].rows, err = s.source.RegisterRows(ctx, session.ID); err != nil {
			return nil, err
		}
	}
	return all, nil
}
