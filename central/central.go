// Package central is the assembly of the university's service: every part is made here, in the order in which a tap meets
// them, and nothing is decided. The parts know nothing of one another or of the configuration.
package central

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"github.com/rollcall-edge/rollcall/central/ingest"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/timetable"
	"github.com/rollcall-edge/rollcall/central/web"
	"github.com/rollcall-edge/rollcall/config"
)

// Options is what an assembly is given besides its configuration.
type Options struct {
	Log      *slog.Logger     // slog.Default if nil
	Now      func() time.Time // time.Now if nil
	Build    string           // release
	Policy   []byte           // what a new database judges by until a policy is imported; the shipped college's if empty
	Announce io.Writer        // where the first administrator's one-time password goes; never the log
}

func (o *Options) fill() {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Announce == nil {
		o.Announce = io.Discard
	}
}

// Central is the running service.
type Central struct {
	*Office
	publisher *timetable.Publisher
	pages     *listener
	gateways  *listener
}

// New opens everything, the two listeners included, and starts nothing. On the first start it makes the administrator's
// account and announces its password, once.
func New(ctx context.Context, cfg *config.Central, o Options) (*Central, error) {
	o.fill()
	if err := checkListen(cfg); err != nil {
		return nil, err
	}
	office, err := OpenOffice(ctx, cfg, o)
	if err != nil {
		return nil, err
	}
	c := &Central{Office: office}
	if err := c.assemble(ctx, cfg, o); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// checkListen keeps passwords from crossing a network in the clear.
func checkListen(cfg *config.Central) error {
	host, _, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return config.Faults{{Path: "listen", Detail: err.Error()}}
	}
	if ip := net.ParseIP(host); cfg.BehindProxy || host == "localhost" || (ip != nil && ip.IsLoopback()) {
		return nil
	}
	return config.Faults{{Path: "listen", Detail: fmt.Sprintf(
		"%q is reached from other machines, and pages are served without TLS; listen on 127.0.0.1, or let a proxy end TLS and set behind_proxy", cfg.Listen)}}
}

func (c *Central) assemble(ctx context.Context, cfg *config.Central, o Options) error {
	c.measure(o)
	if err := c.Fleet.Open(ctx); err != nil {
		return err
	}
	intake := ingest.New(ingest.Options{Store: c.store, Log: o.Log, Registerer: c.registry, Now: o.Now})
	c.publisher = timetable.NewPublisher(timetable.PublisherOptions{
		Store: c.store, Signer: c.authority, Ahead: cfg.PublishAhead.Std(), Log: o.Log, Registerer: c.registry, Now: o.Now,
	})
	c.imported = func() { c.publisher.Wake(); c.judge.Wake() }

	uplink, err := web.NewUplink(web.UplinkOptions{
		Intake: intake, Fleet: c.Fleet, Timetables: c.publisher, Changed: c.judge.Wake, Log: o.Log, Registerer: c.registry,
	})
	if err != nil {
		return fmt.Errorf("assemble gateway listener: %w", err)
	}
	site, err := web.New(web.Options{
		Reports: report.New(c.store.ReportSource(), o.Now), Accounts: c.Accounts, Facts: c.store, Policies: c.Policies, Proofs: prover{c.store}, Day: c.Fleet.Day, Clusters: c.Fleet.Status, Sessions: c.store.WebSessions(o.Now),
		Health: c.store.Ping, Changed: c.judge.Wake, Log: o.Log, Registerer: c.registry, Gatherer: c.registry, Now: o.Now,
		Build: o.Build, Secure: cfg.BehindProxy, BehindProxy: cfg.BehindProxy,
	})
	if err != nil {
		return fmt.Errorf("assemble pages: %w", err)
	}
	if err := c.listen(cfg, site.Handler(), uplink.Handler()); err != nil {
		return err
	}
	return c.announceAdmin(ctx, o)
}

func (c *Central) measure(o Options) {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "rollcall_central_build_info", Help: "Release of this program; the value is always 1.",
	}, []string{"version"})
	info.WithLabelValues(o.Build).Set(1)
	c.registry.MustRegister(info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

// announceAdmin comes last: a password is made and shown once, so it must not be shown by a start that fails.
func (c *Central) announceAdmin(ctx context.Context, o Options) error {
	password, err := c.Accounts.EnsureAdmin(ctx)
	if err != nil {
		return fmt.Errorf("make first account: %w", err)
	}
	if password == "" {
		return nil
	}
	_, err = fmt.Fprintf(o.Announce, "first start: log in at http://%s/ as admin with the one-time password %s\n", c.PagesAddr(), password)
	if err != nil {
		return fmt.Errorf("announce first account: %w", err)
	}
	return nil
}

func (c *Central) listen(cfg *config.Central, pages, gateways http.Handler) (err error) {
	if c.pages, err = listen(cfg.Listen, &http.Server{Handler: pages, ReadTimeout: time.Minute, WriteTimeout: time.Minute}, c.log); err != nil {
		return err
	}
	c.gateways, err = listen(cfg.GatewayListen, &http.Server{
		Handler: gateways, WriteTimeout: time.Minute, TLSConfig: c.Fleet.TLS(cfg.GatewayNames),
	}, c.log)
	return err
}

// PagesAddr is where pages and API are served.
func (c *Central) PagesAddr() net.Addr { return c.pages.Addr() }

// GatewayAddr is where gateways are served.
func (c *Central) GatewayAddr() net.Addr { return c.gateways.Addr() }

// Run serves until ctx ends or a part fails. When ctx ends, the publisher lets go of the gateways that wait for a
// timetable, so that both listeners can finish what they are answering; the database is closed after that, by Close.
func (c *Central) Run(ctx context.Context) error {
	c.log.Info("central serves", "pages", c.PagesAddr().String(), "gateways", c.GatewayAddr().String())
	group, ctx := errgroup.WithContext(ctx)
	for _, run := range []func(context.Context) error{c.publisher.Run, c.Fleet.Run, c.judge.Run, c.judge.RunSurveys, c.Fleet.SealDays, c.pages.serve, c.gateways.serve} {
		group.Go(func() error { return run(ctx) })
	}
	return group.Wait()
}

// Close closes the listeners and then the database.
func (c *Central) Close() error {
	return errors.Join(c.pages.close(), c.gateways.close(), c.Office.Close())
}
