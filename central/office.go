package central

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/central/evidence"
	"github.com/rollcall-edge/rollcall/central/fleet"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/store"
	"github.com/rollcall-edge/rollcall/central/timetable"
	"github.com/rollcall-edge/rollcall/config"
)

// Office is what an operator's command needs of central: the database and the services on it, without listeners and
// without workers. It may be open beside a serving central, which notices what the office changes.
type Office struct {
	Importer *timetable.Importer
	Evidence *evidence.Desk
	Fleet    *fleet.Fleet
	Accounts *account.Desk
	Policies *policy.Desk

	store     *store.Store
	judge     *judge.Judge
	authority *fleet.Authority
	registry  *prometheus.Registry
	log       *slog.Logger
	now       func() time.Time
	imported  func() // called after each import by this process
}

// OpenOffice opens the data directory and makes what is missing there: database, authority, campus key.
func OpenOffice(ctx context.Context, cfg *config.Central, o Options) (*Office, error) {
	o.fill()
	db, err := store.Open(ctx, placeOf(cfg))
	if err != nil {
		return nil, err
	}
	authority, err := fleet.OpenAuthority(cfg.Data, o.Now)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	f := &Office{store: db, authority: authority, registry: prometheus.NewRegistry(), log: o.Log, now: o.Now, imported: func() {}}
	f.registry.MustRegister(databaseInfo(db))
	f.Fleet = fleet.New(fleet.Options{
		Store: db, Authority: authority, InvitationLife: cfg.InvitationLife.Std(), Lifetime: cfg.Certificates.Lifetime.Std(),
		Log: o.Log, Registerer: f.registry, Now: o.Now,
	})
	if f.Policies, err = openPolicies(ctx, db, o); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	f.judge = judge.New(judge.Options{Store: db.Judgements(), Policies: f.Policies, Log: o.Log, Registerer: f.registry, Now: o.Now})
	f.Accounts = account.New(account.Options{Store: db, Now: o.Now})
	f.Importer = timetable.NewImporter(timetable.ImporterOptions{
		Store: db, CampusKey: authority.CampusKey(), Windows: f.windows,
		Applied: func() { f.imported() }, Log: o.Log, Registerer: f.registry, Now: o.Now,
	})
	f.Evidence = evidence.NewDesk(evidence.DeskOptions{
		Store: db.Evidence(), Applied: func() { f.imported() }, Log: o.Log, Registerer: f.registry, Now: o.Now,
	})
	return f, nil
}

// placeOf is where the configuration has the database.
func placeOf(cfg *config.Central) store.Place {
	return store.Place{Database: cmp.Or(cfg.Database, filepath.Join(cfg.Data, "rollcall.db")), PasswordFile: cfg.DatabasePasswordFile}
}

func databaseInfo(db *store.Store) prometheus.Collector {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "rollcall_central_database_info", Help: "Engine of the database, sqlite or postgres; the value is always 1.",
	}, []string{"engine"})
	info.WithLabelValues(db.Engine()).Set(1)
	return info
}

// SetPassword gives an account a new one-time password and returns it, for those who have lost theirs.
func (f *Office) SetPassword(ctx context.Context, login string) (string, error) {
	accounts, err := f.Accounts.Accounts(ctx)
	if err != nil {
		return "", fmt.Errorf("find account %s: %w", login, err)
	}
	for _, a := range accounts {
		if a.Login == login {
			return f.Accounts.Reset(ctx, a.ID)
		}
	}
	return "", fmt.Errorf("find account %s: %w", login, account.ErrUnknown)
}

// Close closes the database.
func (f *Office) Close() error { return f.store.Close() }
