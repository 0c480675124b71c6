package site

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Ledger is a copy of central's data directory as it was at one moment, to be tampered with.
type Ledger struct {
	central *Central
	dir     string
	config  string
}

// CopyLedger stops central for the moment of the copy, into a folder of this name beside the machines.
func (c *Central) CopyLedger(name string) (*Ledger, error) {
	l := &Ledger{central: c, dir: filepath.Join(c.site.o.Dir, name, "data"), config: filepath.Join(c.site.o.Dir, name, "central.yaml")}
	if err := os.MkdirAll(filepath.Dir(l.dir), 0o700); err != nil {
		return nil, fmt.Errorf("copy ledger: %w", err)
	}
	if err := c.Process.Pause(); err != nil {
		return nil, err
	}
	if err := errors.Join(c.copyTo(l.dir), c.Process.Continue(), private(l.dir)); err != nil {
		return nil, fmt.Errorf("copy ledger: %w", err)
	}
	text := fmt.Sprintf("data: %q\nlisten: 127.0.0.1:%d\ngateway_listen: 127.0.0.1:%d\ngateway_names: [localhost]\n", l.dir, pagesPort, gatewayPort)
	return l, os.WriteFile(l.config, []byte(text), 0o600)
}

func (c *Central) copyTo(dir string) error {
	if c.Card == nil {
		return os.CopyFS(dir, os.DirFS(c.Data()))
	}
	name, err := filepath.Rel(c.Card.Dir(), c.Data())
	if err != nil {
		return err
	}
	return c.Card.Export(name, dir)
}

// private takes from everybody but the owner what lies below dir: keys are refused otherwise.
func private(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
}

// Tap is the record in the middle of the longest stream, which central has proven long ago.
func (l *Ledger) Tap(ctx context.Context) (stream string, seq uint64, err error) {
	err = l.open(func(db *sql.DB) error {
		var raw []byte
		const longest = "SELECT stream_id, max(seq)/2 FROM record GROUP BY stream_id ORDER BY max(seq) DESC LIMIT 1"
		if err := db.QueryRowContext(ctx, longest).Scan(&raw, &seq); err != nil {
			return err
		}
		stream = hex.EncodeToString(raw)
		return nil
	})
	return stream, seq, err
}

// Alter turns one bit of a record, as somebody with a shell might; a second time puts it back.
func (l *Ledger) Alter(ctx context.Context, stream string, seq uint64) error {
	return l.tamper(stream, func(db *sql.DB, raw []byte) error {
		var octets []byte
		if err := db.QueryRowContext(ctx, "SELECT octets FROM record WHERE stream_id = ? AND seq = ?", raw, seq).Scan(&octets); err != nil {
			return err
		}
		octets[len(octets)-1] ^= 1
		return one(db.ExecContext(ctx, "UPDATE record SET octets = ? WHERE stream_id = ? AND seq = ?", octets, raw, seq))
	})
}

// Delete takes a record out.
func (l *Ledger) Delete(ctx context.Context, stream string, seq uint64) error {
	return l.tamper(stream, func(db *sql.DB, raw []byte) error {
		return one(db.ExecContext(ctx, "DELETE FROM record WHERE stream_id = ? AND seq = ?", raw, seq))
	})
}

func one(r sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return errors.Join(fmt.Errorf("%d rows were changed, want 1", n), err)
	}
	return nil
}

func (l *Ledger) tamper(stream string, do func(db *sql.DB, raw []byte) error) error {
	raw, err := hex.DecodeString(stream)
	if err != nil {
		return fmt.Errorf("tamper with ledger: %w", err)
	}
	return l.open(func(db *sql.DB) error { return do(db, raw) })
}

func (l *Ledger) open(do func(db *sql.DB) error) (err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(l.dir, "rollcall.db"))
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := do(db); err != nil {
		return fmt.Errorf("tamper with ledger: %w", err)
	}
	return nil
}

// Verify exports the ledger as for an auditor, all its days, and has it checked; what the check said is the text, its error
// when it did not pass.
func (l *Ledger) Verify(ctx context.Context) (text string, err error) {
	file := filepath.Join(filepath.Dir(l.dir), "export.zip")
	from, to := time.Now().AddDate(0, 0, -2), time.Now().AddDate(0, 0, 2)
	if _, err := l.central.Command(ctx, "audit", "export", "--config", l.config, "--from", from.Format(time.DateOnly), "--to", to.Format(time.DateOnly), file); err != nil {
		return "", err
	}
	return l.central.Command(ctx, "verify", file)
}
