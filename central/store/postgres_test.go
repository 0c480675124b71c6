package store

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A server that would forget what gateways were told, or order names otherwise than SQLite and Go, is refused with what to do.
func TestPostgresIsChecked(t *testing.T) {
	only(t, "postgres")
	for _, tt := range []struct {
		name, change string // of a database named d
		want         string // in the message; none if it is accepted
	}{
		{"as it should be", `CREATE DATABASE d TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'`, ""},
		{"the collation C", `CREATE DATABASE d TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'`, ""},
		{"a language's collation", `CREATE DATABASE d TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-GB'`, "make one with CREATE DATABASE rollcall"},
		{"another encoding", `CREATE DATABASE d TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'`, "make one with CREATE DATABASE rollcall"},
		{"commits that return early", `CREATE DATABASE d; ALTER DATABASE d SET synchronous_commit = off`, "turn both on"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			admin := openTest(t)
			for statement := range strings.SplitSeq(tt.change, ";") {
				if _, err := admin.write.Exec(statement); err != nil {
					t.Fatal(err)
				}
			}
			defer func() {
				if _, err := admin.write.Exec(`DROP DATABASE d WITH (FORCE)`); err != nil {
					t.Error(err)
				}
			}()
			place, err := url.Parse(newPlace(t).Database)
			if err != nil {
				t.Fatal(err)
			}
			place.Path = "/d"
			s, err := Open(t.Context(), Place{Database: place.String()})
			if err == nil {
				err = s.Close()
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Open = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestPasswordComesFromAFileOfItsOwner(t *testing.T) {
	only(t, "postgres")
	file := filepath.Join(t.TempDir(), "password")
	place := newPlace(t)
	place.PasswordFile = file
	for _, tt := range []struct {
		name string
		mode os.FileMode
		want string
	}{
		{"missing", 0, "no such file"},
		{"open to the group", 0o640, "run chmod 0600 " + file},
		{"of its owner", 0o600, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.mode != 0 {
				if err := os.WriteFile(file, []byte("hunter2\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(file, tt.mode); err != nil {
					t.Fatal(err)
				}
			}
			s, err := Open(context.Background(), place)
			if err == nil {
				err = s.Close()
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Open = %v, want %q", err, tt.want)
			}
		})
	}
	var password string
	if err := place.password(&password); err != nil || password != "hunter2" {
		t.Errorf("password = %q, %v; want hunter2 without the end of its line", password, err)
	}
}

// A server that restarts undoes what was under way, and is used again when it is back.
func TestLostConnectionsAreMadeAgain(t *testing.T) {
	only(t, "postgres")
	d := newDoor(t)
	admin := openTest(t)
	cut := func() {
		t.Helper()
		if _, err := admin.read.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = 'rollcall-central'`); err != nil {
			t.Fatal(err)
		}
	}
	err := d.store.transact(t.Context(), func(tx *transaction) error {
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO holiday (day, name) VALUES ('2026-12-25', '')`); err != nil {
			return err
		}
		cut()
		_, err := tx.ExecContext(t.Context(), `INSERT INTO holiday (day, name) VALUES ('2026-12-26', '')`)
		return err
	})
	if err == nil {
		t.Error("a transaction over a cut connection = nil, want it to fail")
	}
	for first := uint64(1); first <= 3; first++ {
		cut()
		sent := false
		for range 2 { // the first may find out, as a gateway does
			_, err := d.intake.Ingest(t.Context(), "gw-a", batchOf(t, streamA, first, taps(first, 1)...))
			sent = sent || err == nil
		}
		if !sent {
			t.Errorf("batch %d is not taken after the connections were cut", first)
		}
	}
	for query, want := range map[string]string{`SELECT count(*) FROM holiday`: "0", `SELECT count(*) FROM tap`: "3"} {
		if got := d.column(t, query); got[0] != want {
			t.Errorf("%s = %s, want %s", query, got, want)
		}
	}
}
